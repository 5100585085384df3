// Package health says how safe the data is: one snapshot, made of what the
// ledger and the configuration say at a time, that terminal, page, JSON and
// metrics render without deciding anything. It knows what facts mean for a
// person; it must not know SQL, HTTP or how a face looks.
package health

import (
	"time"

	"github.com/google/uuid"
)

// Version is the version of the snapshot as JSON. Within a version fields are
// only added, none renamed, retyped or given another unit; the words of State,
// Flag, Level and Code may grow.
const Version = 1

// A Snapshot is how everything stands at AsOf. Its JSON is a contract
// (docs/status.schema.json): times are RFC 3339 in UTC with whole seconds,
// names that end in _s are whole seconds, null is unknown or none.
type Snapshot struct {
	Version   int        `json:"version"`
	AsOf      time.Time  `json:"as_of"`
	SafeUntil *time.Time `json:"safe_until"` // the earliest of the endpoints'
	Verdict   Verdict    `json:"verdict"`
	Daemon    *Daemon    `json:"daemon"` // null: no daemon was ever seen
	Database  Database   `json:"database"`
	Tenants   []Tenant   `json:"tenants"`  // the most severe first, then by name
	Problems  []Problem  `json:"problems"` // the earliest first loss first

	// When the first row was stored that the views of days, hours and months do not
	// tell of yet, by the database's clock; null: they tell of all.
	RollupsStaleSince *time.Time `json:"rollups_stale_since"`

	Retention []Kept `json:"retention"` // what is not kept for ever, but for rollups

	UnknownMembers []UnknownMember `json:"unknown_members"` // served without a column, by endpoint and time
}

// A Verdict is the one sentence to read, and what to do next.
type Verdict struct {
	Level       Level      `json:"level"`
	Heading     string     `json:"heading"`
	Why         string     `json:"why"`
	Steps       []Step     `json:"steps"` // at most three
	Also        string     `json:"also"`  // the next two problems, and the headroom of the rest
	Tenant      *string    `json:"tenant"`
	Endpoint    *string    `json:"endpoint"`
	FirstLossAt *time.Time `json:"first_loss_at"`
}

// A Level is how urgent the verdict is, or a problem.
type Level string

// Levels, the most urgent first.
const (
	ActNow       Level = "act_now"       // something expires within 48 hours, and no run will save it
	Lost         Level = "lost"          // something is lost and nobody has acknowledged it
	ActSoon      Level = "act_soon"      // nothing heals it by itself
	Wait         Level = "wait"          // it heals by itself
	FirstReading Level = "first_reading" // the first pass is not done, and nothing failed
	Safe         Level = "safe"
)

// A Step is something to do: a command, or a click path in Text.
type Step struct {
	Text    string  `json:"text"`
	Command *string `json:"command"`
}

// A Daemon is the process that reads, by its last sign of life.
type Daemon struct {
	Host        string    `json:"host"`
	Version     string    `json:"version"`
	StartedAt   time.Time `json:"started_at"`
	HeartbeatAt time.Time `json:"heartbeat_at"`
}

// A Database is PostgreSQL. While it is down the rest of the snapshot is the
// last one that could be taken.
type Database struct {
	Up            bool   `json:"up"`
	ServerVersion string `json:"server_version"`
	SchemaVersion int    `json:"schema_version"`
}

// A Tenant is how one tenant stands.
type Tenant struct {
	ID         uuid.UUID  `json:"tenant_id"`
	Name       string     `json:"tenant"`
	Cloud      string     `json:"cloud"`
	ClockSkew  *float64   `json:"clock_skew_s"` // Graph's clock minus the local one
	Credential Credential `json:"credential"`
	Endpoints  []Endpoint `json:"endpoints"` // in the order of fetch.Endpoints

	Subscription *Subscription `json:"subscription"` // to change notifications; null: there never was one
}

// A Subscription has Graph notify of changes of call records.
type Subscription struct {
	ExpiresAt  *time.Time `json:"expires_at"`  // null: there is none now
	NotifiedAt *time.Time `json:"notified_at"` // when a notification told a call record last
	MissedAt   *time.Time `json:"missed_at"`   // when notifications were last known to be missing; null: never
	Error      *string    `json:"error"`       // why it could not be made, renewed or read, with the next step
}

// A Credential is what a tenant's tokens are asked for with.
type Credential struct {
	Kind   string     `json:"kind"`    // client_secret, certificate, federated_token or managed_identity
	EndsAt *time.Time `json:"ends_at"` // null: not known
}

// An Endpoint is how one endpoint of a tenant stands.
type Endpoint struct {
	Name                string     `json:"endpoint"`
	State               State      `json:"state"`
	Since               *time.Time `json:"since"` // of State
	Flags               []Flag     `json:"flags"`
	Origin              *time.Time `json:"origin"`
	CompleteUntil       *time.Time `json:"complete_until"`
	SafeUntil           *time.Time `json:"safe_until"`
	LastSuccessAt       *time.Time `json:"last_success_at"`
	NextDueAt           *time.Time `json:"next_due_at"`
	Failures            int        `json:"failures"` // failed runs in a row
	Unread              int64      `json:"unread_s"`
	PendingRecords      int        `json:"pending_records"`
	ParkedSlots         int        `json:"parked_slots"`
	ParkedRecords       int        `json:"parked_records"`
	Lost                int64      `json:"lost_s"` // and not acknowledged, as the next
	LostRecords         int        `json:"lost_records"`
	Acknowledged        int64      `json:"acknowledged_s"`
	AcknowledgedRecords int        `json:"acknowledged_records"`
	OpenRejects         int        `json:"open_rejects"`
	Running             *Running   `json:"running"`
	LastError           *LastError `json:"last_error"`

	// For page and metrics alone.
	StoredRejects int       `json:"-"` // kept raw though their rows are stored, with what cannot be stored replaced
	Strip         []Segment `json:"-"` // from StripFor ago until now, gapless, oldest first; empty: nothing is known
	Horizon       time.Time `json:"-"` // how far back Microsoft answers now: what is older is deleted
}

// A State is how the reading of an endpoint goes: the first of the list that
// holds.
type State string

// States, in the order in which they are looked for.
const (
	Removed    State = "removed"     // no longer configured, but its rows are here
	Paused     State = "paused"      // switched off
	Denied     State = "denied"      // the last run was denied
	Down       State = "down"        // three failures in a row, or overdue by three intervals
	Throttled  State = "throttled"   // Graph lets it wait
	Late       State = "late"        // the last run failed, or the next is overdue
	Never      State = "never"       // no slot was read yet
	CatchingUp State = "catching_up" // what could be read for a while is not
	OnTime     State = "on_time"
)

// A Flag is a fact about data that no state hides.
type Flag string

// Flags.
const (
	FlagLost     Flag = "lost"     // something is lost and nobody has acknowledged it
	FlagParked   Flag = "parked"   // something cannot be read, and is tried daily
	FlagExpiring Flag = "expiring" // something unread leaves reach within 48 hours
	FlagRejects  Flag = "rejects"  // something could only be kept raw
)

// Running is a run that gives signs of life.
type Running struct {
	RunID       int64     `json:"run_id"`
	StartedAt   time.Time `json:"started_at"`
	HeartbeatAt time.Time `json:"heartbeat_at"`
	Slots       int       `json:"slots"` // due when it began
	SlotsDone   int       `json:"slots_done"`
	RecordsDone int64     `json:"records_done"`
	Rate        float64   `json:"rate_per_s"` // elements
	Left        *int64    `json:"left_s"`     // null: not known yet
	InHand      bool      `json:"in_hand"`    // it saves in time what expires
}

// LastError is what the last run failed with.
type LastError struct {
	Code      Code      `json:"code"`
	Text      string    `json:"text"`
	Status    *int      `json:"status"` // of HTTP; null: no answer
	RequestID *string   `json:"request_id"`
	At        time.Time `json:"at"`
}

// A Problem is one cause and all that it does to one tenant.
type Problem struct {
	ID          string     `json:"id"` // the same while the problem lasts
	Code        Code       `json:"code"`
	Level       Level      `json:"level"`
	Tenant      *string    `json:"tenant"` // null: all
	Endpoints   []string   `json:"endpoints"`
	Since       *time.Time `json:"since"`
	FirstLossAt *time.Time `json:"first_loss_at"`
	Heading     string     `json:"heading"`
	Detail      string     `json:"detail"`
	Steps       []Step     `json:"steps"`
}

// An UnknownMember is a member that Graph serves and that has no column.
type UnknownMember struct {
	Endpoint    string    `json:"endpoint"`
	Member      string    `json:"member"` // from the 51st of an endpoint on: other
	FirstSeenAt time.Time `json:"first_seen_at"`
}

// A Code is the cause of a problem, as doctor, JSON and the runbook name it
// too.
type Code string

// Codes.
const (
	PermissionMissing Code = "permission_missing"
	SecretExpired     Code = "secret_expired"
	SecretWrong       Code = "secret_wrong"
	SecretUnreadable  Code = "secret_unreadable"
	CredentialEnds    Code = "credential_ends"
	CloudWrong        Code = "cloud_wrong"
	TenantUnknown     Code = "tenant_unknown"
	AppUnknown        Code = "app_unknown"
	AppDisabled       Code = "app_disabled"
	ClockSkewed       Code = "clock_skewed"
	AnswerNotGraph    Code = "answer_not_graph"
	TLSUntrusted      Code = "tls_untrusted"
	Unreachable       Code = "unreachable"
	GraphThrottles    Code = "throttled"
	GraphFailing      Code = "graph_failing"
	RequestRefused    Code = "request_refused"
	InternalError     Code = "internal_error"
	DatabaseDown      Code = "database_down"
	DatabaseUnfit     Code = "database_unfit"
	SchemaOld         Code = "schema_old"
	SchemaNew         Code = "schema_new"
	RightsMissing     Code = "rights_missing"
	DaemonAbsent      Code = "daemon_absent"
	RunHangs          Code = "run_hangs"
	SlotsParked       Code = "slots_parked"
	RecordsParked     Code = "records_parked"
	DataLost          Code = "lost"
	ExpiresSoon       Code = "expires_soon"
	RejectsOpen       Code = "rejects_open"
	SchemaDrift       Code = "schema_drift"
	SecretReadable    Code = "secret_readable"
	ErasedUnknown     Code = "erased_unknown"
	RollupsStale      Code = "rollups_stale"
	NotNotified       Code = "not_notified"
)
