package store

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/mapping"
)

// A Target is where the elements of one endpoint of a tenant are stored: their
// model and the statements made from it. Elements of most endpoints are stored by
// SaveRows, sums over a day by ReplaceDay, and call records by Announce and
// SaveDetails.
type Target struct {
	Tenant   uuid.UUID
	Endpoint string

	model   *mapping.Model
	event   int   // the column of an element's time; -1 if that is not its own
	counted []int // the columns of countedBy
	rows    batchStatements
	day     batchStatements
	replace string // of ReplaceDay
	prune   pruneStatements
	records *recordStatements
	users   userStatements
	rewrite rewriteStatements
}

// batchStatements store the elements of a batch.
type batchStatements struct {
	stage
	lookUp    string
	copyNew   string // straight into the table; empty where all goes by way of the stage
	noteHours string // locks rows that are replaced, and notes hours
	upsert    string
}

// A stage is a temporary table that rows are copied to first.
type stage struct {
	make, copyIn, clear string
	fields              int // of a row in COPY
}

// targets holds a *Target of no tenant for each endpoint: the statements take
// some tens of kilobytes, and are the same for all tenants.
var targets sync.Map

// NewTarget returns the target for an endpoint of a tenant. eventTime is the
// column of an element's time, which for sums over a day is window_from.
func NewTarget(tenant uuid.UUID, endpoint string, model *mapping.Model, eventTime string) (*Target, error) {
	type key struct {
		endpoint, eventTime string
		model               *mapping.Model
	}
	k := key{endpoint, eventTime, model}
	made, known := targets.Load(k)
	if !known {
		t, err := makeTarget(endpoint, model, eventTime)
		if err != nil {
			return nil, err
		}
		made, _ = targets.LoadOrStore(k, t)
	}
	t := *made.(*Target)
	t.Tenant = tenant
	return &t, nil
}

// makeTarget makes the statements.
func makeTarget(endpoint string, model *mapping.Model, eventTime string) (*Target, error) {
	root := model.Tables[0]
	t := &Target{Endpoint: endpoint, model: model, event: slices.Index(root.ColumnNames(), eventTime)}
	for _, name := range countedBy(root, eventTime) {
		if column := slices.Index(root.ColumnNames(), name); column >= 0 {
			t.counted = append(t.counted, column)
		}
	}
	lead := rowLead
	if t.event < 0 {
		lead = dayLead
	}
	t.prune = newPruneStatements(root, timeOf(root, eventTime), lead)
	if slices.Contains(root.ColumnNames(), "version") {
		t.records = newRecordStatements(model)
		t.prune = newPruneRecords(model)
	} else if len(model.Tables) > 1 {
		return nil, fmt.Errorf("%s has child tables, which only elements with a version can have", endpoint)
	}
	t.rows = newBatchStatements(root, rowLead, eventTime)
	t.day = newBatchStatements(root, dayLead, eventTime)
	t.replace = statement("replace_day", names(root, dayLead)...)
	t.users = newUserStatements(t, eventTime)
	t.rewrite = newRewriteStatements(model, lead, eventTime)
	return t, nil
}

// Columns that Save puts in front of the mapped ones: those that lead the key, and
// the metadata.
var (
	rowLead  = []string{"tenant_id"}
	dayLead  = []string{"tenant_id", "window_from", "window_to"}
	metadata = []string{"updated_at", "run_id", "row_hash"}
)

func newBatchStatements(root *mapping.Layout, lead []string, eventTime string) batchStatements {
	ofDay, hours := "", "$3"
	if slices.Contains(lead, "window_from") {
		ofDay, hours = " AND window_from = $3 AND window_to = $4", "$5"
	}
	n := append(names(root, lead), "{time}", timeOf(root, eventTime),
		"{of_day}", ofDay, "{hours}", hours)
	return batchStatements{
		stage:     newStage(n, len(lead)+len(metadata)+len(root.Columns)),
		lookUp:    statement("look_up", n...),
		copyNew:   strings.NewReplacer(n...).Replace("COPY teams.{table} ({columns}) FROM STDIN (FORMAT binary)"),
		noteHours: statement("note_hours", n...),
		upsert:    statement("upsert", n...),
	}
}

// time is the time by which an element counts; ok is false if it has none.
func (t *Target) time(batch *mapping.Batch, element int) (at time.Time, ok bool) {
	for _, column := range t.counted {
		if at, ok := batch.Time(element, column); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// TimeColumns are those of which the first that is not null says when an element
// happened; none if elements do not say.
func (t *Target) TimeColumns() (names []string) {
	for _, column := range t.counted {
		names = append(names, t.model.Tables[0].Columns[column].Name)
	}
	return names
}

// addHour adds the hour in which an element counts to others, once.
func (t *Target) addHour(hours []time.Time, batch *mapping.Batch, element int) []time.Time {
	if at, ok := t.time(batch, element); ok {
		if hour := at.Truncate(time.Hour); !slices.ContainsFunc(hours, hour.Equal) {
			hours = append(hours, hour)
		}
	}
	return hours
}

// countedBy are the columns of which the first that is not null decides in which
// hours and days a row counts: the attempt, where a call has one, goes before the
// event.
func countedBy(root *mapping.Layout, eventTime string) []string {
	if slices.Contains(root.ColumnNames(), "invite_at") {
		return []string{"invite_at", eventTime}
	}
	return []string{eventTime}
}

// timeOf is the time by which a row counts, as SQL that an index knows.
func timeOf(root *mapping.Layout, eventTime string) string {
	columns := countedBy(root, eventTime)
	if len(columns) == 1 {
		return columns[0]
	}
	return "coalesce(" + strings.Join(columns, ", ") + ")"
}

func newStage(names []string, fields int) stage {
	return stage{
		make:   statement("make_stage", names...),
		copyIn: strings.NewReplacer(names...).Replace("COPY {stage} ({columns}) FROM STDIN (FORMAT binary)"),
		clear:  strings.NewReplacer(names...).Replace("TRUNCATE {stage}"),
		fields: fields,
	}
}

// names are what stands for the names in statements about a table whose key
// begins with lead.
func names(root *mapping.Layout, lead []string) []string {
	mapped := root.ColumnNames()
	id := root.Columns[root.Key-1]
	return []string{
		"{table}", root.Name,
		"{stage}", "pg_temp.stage_" + root.Name,
		"{columns}", columnList(slices.Concat(lead, metadata, mapped)),
		"{key}", strings.Join(slices.Concat(lead, mapped[:root.Key]), ", "),
		"{id}", id.Name,
		"{id_type}", id.Type.Name,
		"{set}", assignments(slices.Concat(metadata, mapped[root.Key:])),
	}
}

// columnList writes columns in lines that can be read.
func columnList(columns []string) string {
	var lines strings.Builder
	width := 0
	for i, name := range columns {
		switch {
		case i == 0:
		case width+len(name) > 100:
			lines.WriteString(",\n\t")
			width = 0
		default:
			lines.WriteString(", ")
		}
		lines.WriteString(name)
		width += len(name) + 2
	}
	return lines.String()
}

// assignments set columns to the values of the row that was to be inserted.
func assignments(columns []string) string {
	var set []string
	for _, name := range columns {
		set = append(set, name+" = excluded."+name)
	}
	return strings.Join(set, ",\n\t")
}

// keyText writes a key as people read it: its last column, as the columns before
// it only say what the element's own members say.
func (t *Target) keyText(key string) string {
	last := ""
	for rest := key; len(rest) > 0; {
		end := 4 + binary.BigEndian.Uint32([]byte(rest[:4]))
		last, rest = rest[4:end], rest[end:]
	}
	root := t.model.Tables[0]
	if last != "" && root.Columns[root.Key-1].Type.OID == mapping.UUID.OID {
		return uuid.UUID([]byte(last)).String()
	}
	return last
}

// Keys are the keys of a batch's elements, as people read them.
func (t *Target) Keys(batch *mapping.Batch) []string {
	keys := make([]string, len(batch.Elements))
	for i, e := range batch.Elements {
		keys[i] = t.keyText(e.Key)
	}
	return keys
}

// version is the version of an element; ok is false where it has none.
func (t *Target) version(batch *mapping.Batch, element int) (version int64, ok bool) {
	field := batch.Field(element, t.records.version)
	if field == nil {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(field)), true
}
