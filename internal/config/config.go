// Package config knows what an operator may configure: the documented struct,
// its strict YAML form, the environment variables that stand in for it, the
// secrets it points to, and the checks of one setting against another.
//
// It must not know what the settings are used for. In particular the list of
// endpoints and what Microsoft Graph keeps of each is handed in by the caller,
// as Bounds.
package config

import "time"

// Config is the whole configuration. Load returns it complete: defaults are
// filled in, every endpoint is present in every tenant, and it has passed the
// checks.
type Config struct {
	// Database is where the rows go.
	Database Database `yaml:"database"`

	// Tenants are the Entra tenants to read, at least one.
	Tenants []Tenant `yaml:"tenants"`

	// Retention is how long rows are kept, by endpoint: at least for as long as
	// Graph is asked for them. Besides, details are those of call records, which
	// may go before their call, rollups the figures of days, which may outlive the
	// rows, and personal names, numbers and the like, without which rows stay.
	// Default: none, all is kept for ever. Danger: what is older is deleted, and
	// Graph does not have it any more.
	Retention map[string]time.Duration `yaml:"retention"`

	// Notifications say how Graph tells of call records before they are listed.
	// Default: none, they are found by the list alone.
	Notifications Notifications `yaml:"notifications"`

	// Server is the web page, the probes and the metrics of the daemon.
	Server Server `yaml:"server"`

	// Log is what the daemon says about itself, and how.
	Log Log `yaml:"log"`

	// File is where the configuration was read; empty: from variables alone.
	// Set by Load.
	File string `yaml:"-"`
}

// Database is the PostgreSQL database.
type Database struct {
	// URL is a PostgreSQL connection string, as a URL or as keyword=value
	// pairs. What it leaves out is taken from libpq's PG* variables, service
	// file and password file, so it may be absent altogether where PGHOST,
	// PGSERVICE or PGDATABASE is set.
	//
	// A host that is neither loopback nor a Unix socket is reached with
	// sslmode=verify-full unless another sslmode is given; disable, allow and
	// prefer are refused there, because the rows and the password would cross
	// the network in the clear. No default. Danger: a password written here
	// is readable by whoever can read the file; prefer a password file.
	//
	// The password and service files and their like are read anew for each
	// connection, so what is replaced there needs no restart. pool_max_conns
	// bounds the connections of the pool (default 4); the daemon needs one
	// more, and migrating two.
	URL DSN `yaml:"url"`

	// Auth is how to sign in: password, or entra for PostgreSQL in Azure, with
	// a token of the first tenant's credential as the password, for the user in
	// URL. Default: password.
	Auth string `yaml:"auth"`

	// Distribution says on how many nodes rows lie: none, or citus, where URL leads
	// to the coordinator of a cluster of Citus and tables are distributed by tenant.
	// Experimental. Default: none. Danger: the way back is by hand, table by table.
	Distribution string `yaml:"distribution"`

	// Shards is into how many parts citus cuts each table when it is distributed
	// first; later it changes nothing. Default: 16.
	Shards int `yaml:"shards"`

	// Partition says how details of call records are divided: none, or month,
	// for tables of their own for each month in which calls were first stored,
	// so that old ones can be dropped as a whole. What is stored stays where it
	// is when this is changed. Default: none.
	Partition string `yaml:"partition"`
}

// Tenant is one Entra tenant and the application that may read its records.
type Tenant struct {
	// ID is the tenant id, a GUID. Required. Danger: it leads the key of every
	// stored row, so changing it starts an empty history.
	ID string `yaml:"id"`

	// Name is what people call the tenant in logs and tables; unique.
	// Default: the id.
	Name string `yaml:"name"`

	// Cloud is the Microsoft cloud the tenant lives in: global (which includes
	// GCC), usgov-l4 (GCC High), usgov-l5 (DoD) or custom. Default: global.
	Cloud string `yaml:"cloud"`

	// CustomGraphURL is the root of Graph, https and a host, for cloud custom
	// only. No default. Danger: it receives the access token.
	CustomGraphURL string `yaml:"graph_url"`

	// CustomLoginURL is the login authority, https and a host, for cloud
	// custom only. No default. Danger: it receives the credential.
	CustomLoginURL string `yaml:"login_url"`

	// CAFile is a PEM file with the authorities to trust for both URLs instead
	// of those of the system, as is needed where a proxy signs TLS anew.
	// Default: those of the system.
	CAFile string `yaml:"ca_file"`

	// Auth is how the daemon signs in to the tenant.
	Auth Auth `yaml:"auth"`

	// Endpoints are the logs to copy, by name. One that is not mentioned is
	// enabled with its defaults.
	Endpoints map[string]Endpoint `yaml:"endpoints"`

	// Limits are the request rates to stay below.
	Limits Limits `yaml:"limits"`

	// Privacy is what becomes of personal data while it is read.
	Privacy Privacy `yaml:"privacy"`
}

// Auth is the application registration and its credential. Exactly one of
// client_secret_file, client_secret_env, certificate_file, federated_token_file
// and managed_identity must be given. Each is read anew for every token, so
// replacing a file is enough to rotate it. A file that is missing at start may
// appear later; one whose content cannot be meant is refused.
type Auth struct {
	// ClientID is the application id, a GUID. Required, but for a managed
	// identity: there it names one of several, and without it the system's is
	// used.
	ClientID string `yaml:"client_id"`

	// ClientSecretFile is the file that holds the client secret; one newline
	// at its end is ignored.
	ClientSecretFile string `yaml:"client_secret_file"`

	// ClientSecretEnv is the name of the environment variable that holds the
	// client secret. Danger: the environment is inherited by child processes
	// and shown by container tools; prefer the file.
	ClientSecretEnv string `yaml:"client_secret_env"`

	// CertificateFile is the file that holds a certificate, its private key
	// (RSA) and perhaps its chain, as PEM or PFX. The certificate and its chain
	// are sent along, as apps need that trust its subject and issuer.
	CertificateFile string `yaml:"certificate_file"`

	// CertificatePasswordFile is the file that holds the password of the
	// private key. Default: none.
	CertificatePasswordFile string `yaml:"certificate_password_file"`

	// FederatedTokenFile is the file that holds a token of an issuer that the
	// application trusts, as Kubernetes writes it.
	FederatedTokenFile string `yaml:"federated_token_file"`

	// ManagedIdentity says to use the identity that Azure gives to a virtual
	// machine, App Service or container app. Default: false.
	ManagedIdentity bool `yaml:"managed_identity"`

	// ClientSecret, Certificate and FederatedToken read what is given. Set by
	// Load.
	ClientSecret   Secret      `yaml:"-"`
	Certificate    Certificate `yaml:"-"`
	FederatedToken Secret      `yaml:"-"`
}

// Privacy is what becomes of each class of personal data while it is read. What is
// not kept never reaches the database. Danger: nothing brings it back, once Graph
// keeps it no longer.
type Privacy struct {
	// Identity is for who a person is, ids and names: keep, hmac or drop.
	// Default: keep.
	Identity string `yaml:"identity"`

	// Numbers is for phone numbers: keep, mask, hmac or drop. Default: keep.
	Numbers string `yaml:"numbers"`

	// Location is for addresses and names of networks and machines: keep,
	// truncate, hmac or drop. Default: keep.
	Location string `yaml:"location"`

	// FreeText is for what somebody wrote, and for links into meetings: keep or
	// drop. Default: keep.
	FreeText string `yaml:"free_text"`

	// KeyFile is the file that holds the secret of which keys are made, 32 bytes
	// at least; one newline at its end is ignored. Needed if any class is not
	// kept. Danger: with another secret the same person gets another pseudonym.
	KeyFile string `yaml:"key_file"`

	// Key is what KeyFile held. Set by Load.
	Key Key `yaml:"-"`
}

// Endpoint is how one log is copied.
type Endpoint struct {
	// Enabled says whether the log is copied. Default: true. Danger: what
	// Graph drops while an endpoint is off is gone.
	Enabled bool `yaml:"enabled"`

	// Schedule is when to look for what is due: five cron fields (minute,
	// hour, day of month, month, day of week), in UTC. Two ticks may be apart
	// by half of Reach at most. Default: every five minutes.
	Schedule Schedule `yaml:"schedule"`

	// Reach is how far back Graph is asked. Default and maximum: what Graph
	// keeps of this log. Danger: what is older is never fetched.
	Reach time.Duration `yaml:"reach"`

	// Settle is how long rows of a day may still arrive or change; until then
	// the day is read again. Default: that of the endpoint; at most Reach less
	// the longest time between two ticks. Danger: rows that arrive after it are
	// missed.
	Settle time.Duration `yaml:"settle"`

	// StartFrom is the first day wanted, at midnight UTC. Default: none, the
	// log is read as far back as Reach goes.
	StartFrom time.Time `yaml:"start_from"`

	// API is the version of Graph to ask: v1.0 or beta, where the endpoint has
	// both. Default: v1.0 where there is one. Danger: beta may change or
	// vanish without notice.
	API string `yaml:"api"`
}

// Limits are request rates per tenant, each with the limit Graph publishes per
// application and tenant as its default. Danger: above that Graph answers 429
// and makes every client of the application wait.
type Limits struct {
	// CallRecords covers every call record request. Default: 1500/20s.
	CallRecords Rate `yaml:"call_records"`

	// List covers the listing of call records. Default: 40/20s.
	List Rate `yaml:"list"`

	// Record covers the requests about any one call record. Default: 40/20s.
	Record Rate `yaml:"record"`

	// Logs covers all log functions (PSTN and its kin) together.
	// Default: 200/60s.
	Logs Rate `yaml:"logs"`

	// LogFunction covers any one log function. Default: 50/60s.
	LogFunction Rate `yaml:"log_function"`
}

// Notifications are the ways by which Graph tells of changes.
type Notifications struct {
	// Webhook has Graph send them to an address of this program.
	Webhook Webhook `yaml:"webhook"`

	// EventHub has Graph send them to an Azure Event Hub, which this program
	// reads: nothing has to reach it. Only one of the two can be given.
	EventHub EventHub `yaml:"event_hub"`
}

// Webhook is the address that Graph sends change notifications to, for all tenants.
type Webhook struct {
	// PublicURL is the address that Graph is told, https, as it is reached from
	// the internet. No default: without it nothing is listened for.
	PublicURL string `yaml:"public_url"`

	// Listen is the address to listen on, a host and a port. Required with
	// PublicURL. Danger: it answers whoever reaches it; give it nothing but this.
	Listen string `yaml:"listen"`

	// CertificateFile and KeyFile hold the certificate for PublicURL, with its
	// chain, and its private key, both PEM. They are read again when they change.
	// Default: none, a proxy in front ends TLS.
	CertificateFile string `yaml:"tls_certificate_file"`
	KeyFile         string `yaml:"tls_key_file"`
}

// EventHub is an Azure Event Hub that Graph sends change notifications of all
// tenants to. It is read through the Kafka endpoint of its namespace.
type EventHub struct {
	// Host is the namespace, such as contoso.servicebus.windows.net. No default:
	// without it no hub is read.
	Host string `yaml:"host"`

	// Hub is the name of the hub in the namespace. Required with Host.
	Hub string `yaml:"hub"`

	// Domain is a domain of the Entra tenant that the namespace belongs to, such
	// as contoso.com, which Graph is told. Required with Host.
	Domain string `yaml:"domain"`

	// ConsumerGroup remembers how far the hub was read. Default: ingestd. Danger:
	// daemons of different tenants need one each, as a group sees a message once.
	ConsumerGroup string `yaml:"consumer_group"`

	// ConnectionStringFile holds a connection string of the namespace or hub with
	// the right Listen. Default: none, the first tenant's credential signs in.
	ConnectionStringFile string `yaml:"connection_string_file"`

	// ConnectionString reads ConnectionStringFile. Set by Load.
	ConnectionString Secret `yaml:"-"`
}

// Server is where the daemon shows how it stands: a read-only page, probes and
// metrics. It names tenants and endpoints, and no person, number or call.
type Server struct {
	// Listen is the address to answer on, a host and a port, or none for no
	// server. Default: 127.0.0.1:8080. Danger: there is no login; on any other
	// address than loopback whoever reaches it may read.
	Listen string `yaml:"listen"`

	// Hosts are names that requests may ask for, besides loopback and the host
	// of Listen: those of a proxy in front, or of this machine. Default: none.
	Hosts []string `yaml:"hosts"`

	// PProf says whether Go's profiles are served below /debug/pprof/.
	// Default: false. Danger: they cost time and show memory addresses.
	PProf bool `yaml:"pprof"`
}

// Log is the daemon's own log, written to standard error.
type Log struct {
	// Level is the least severity written: debug, info, warn or error.
	// Default: info.
	Level string `yaml:"level"`

	// Format is json, one object a line, or console, for human eyes.
	// Default: json.
	Format string `yaml:"format"`
}
