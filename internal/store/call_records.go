package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"ingestd/internal/mapping"
)

// recordStatements store call records, which come in versions: Announce stores
// what a list says of them, and SaveDetails their headers and details.
type recordStatements struct {
	announce batchStatements
	version  int // the column of the version

	headers  stage  // of records whose details are stored
	claim    string // stores the headers, unless details as new are stored
	storedBy string
	newer    string // those that are not to be stored
	sessions int    // the table whose rows a header counts
	kinds    kindColumns
	delete   string   // deletes details of a month
	copyIn   []string // stores those of a month, for each child table
	note     string

	pruneDetails pruneStatements
}

func newRecordStatements(m *mapping.Model) *recordStatements {
	root := m.Tables[0]
	columns := slices.Concat(rowLead, metadata, root.ColumnNames())
	listed := names(root, rowLead)
	r := &recordStatements{
		announce: batchStatements{
			stage:  newStage(listed, len(columns)),
			lookUp: statement("call_records_look_up"),
			upsert: statement("call_records_announce", listed...),
		},
		version:  slices.Index(root.ColumnNames(), "version"),
		sessions: slices.IndexFunc(m.Tables, func(t *mapping.Layout) bool { return t.Name == "sessions" }),
		kinds:    newKindColumns(m),
		note:     statement("call_records_note"),

		pruneDetails: newPruneDetails(m),
	}
	headers := []string{
		"{table}", root.Name,
		"{stage}", "pg_temp.stage_details",
		"{columns}", columnList(append(columns, "session_count", "call_kind")),
		"{key}", "tenant_id, id",
		"{set}", assignments(slices.DeleteFunc(slices.Clone(columns), func(c string) bool {
			return c == "tenant_id" || c == "id" || c == "version"
		})),
	}
	r.headers = newStage(headers, len(columns)+2)
	r.claim = statement("call_records_claim", append(headers, "{month_of}", monthOf)...)
	r.storedBy = statement("call_records_stored_by", headers...)
	r.newer = statement("call_records_newer", headers...)
	var deletes []string
	for i, table := range m.Tables[1:] {
		const one = "t%d AS (DELETE FROM teams.%s{month} WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[]))"
		deletes = append(deletes, fmt.Sprintf(one, i+1, table.Name))
		children := columnList(append([]string{"tenant_id"}, table.ColumnNames()...))
		r.copyIn = append(r.copyIn,
			fmt.Sprintf("COPY teams.%s{month} (%s) FROM STDIN (FORMAT binary)", table.Name, children))
	}
	r.delete = "WITH " + strings.Join(deletes, ",\n\t") + "\nSELECT 1\n"
	return r
}

// Announce stores what a list says of call records, and the ledger entries that a
// batch of it earns, in one transaction. A record never seen is inserted; of one
// that is known only the version is raised. The highest version of a record
// counts. What can only be stored with characters replaced is no reject yet: it
// is one when SaveDetails stores it.
func (db *DB) Announce(ctx context.Context, run *Run, t *Target, batch *mapping.Batch, r Reading) (Counts, error) {
	s := &save{run: run, target: t, batch: batch, reading: r, batchStatements: t.records.announce}
	s.lead = mapping.AppendField(nil, t.Tenant[:])
	s.rejects = slices.DeleteFunc(slices.Clone(batch.Rejects), func(r mapping.Reject) bool { return r.Stored })
	s.keepHighest()
	return db.commit(ctx, "save the list", s, (*attempt).announce)
}

// keepHighest keeps the highest version of each record.
func (s *save) keepHighest() {
	var versioned []int
	versions := make([]int64, len(s.batch.Elements))
	for i := range s.batch.Elements {
		version, ok := s.target.version(s.batch, i)
		if !ok {
			s.reject(&s.batch.Elements[i], "no version")
			continue
		}
		versions[i] = version
		versioned = append(versioned, i)
	}
	s.keepFirst(versioned, func(a, b int) int {
		return cmp.Or(cmp.Compare(versions[b], versions[a]), b-a)
	}, func(_, _ *mapping.Element) { s.repeats++ })
}

func (a *attempt) announce(ctx context.Context) error {
	stored, err := a.versions(ctx)
	if err != nil {
		return err
	}
	todo := a.raised(stored)
	written, err := a.write(ctx, todo)
	if err != nil {
		return err
	}
	if len(written) < len(todo) {
		now, err := a.versions(ctx)
		if err != nil {
			return err
		}
		a.refuseDropped(a.raised(now))
	}
	for _, n := range written {
		_, known := stored[n]
		a.count(known)
	}
	return nil
}

// versions are those that are stored of the kept elements.
func (a *attempt) versions(ctx context.Context) (map[int]int64, error) {
	stored := map[int]int64{}
	var id string
	var version int64
	err := a.look(ctx, a.ids, []any{a.target.Tenant, a.ids}, []any{&id, &version}, func() error {
		stored[a.place[id]] = version
		return nil
	})
	if err == nil {
		a.passRejects()
	}
	return stored, err
}

// raised returns the kept elements that are new or of a version above the stored
// one, but for old ones.
func (a *attempt) raised(stored map[int]int64) []int {
	var todo []int
	for n, i := range a.keep {
		if a.isOld(n) {
			continue
		}
		known, ok := stored[n]
		if version, _ := a.target.version(a.batch, i); !ok || version > known {
			todo = append(todo, n)
		}
	}
	return todo
}
