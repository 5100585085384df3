package doctor

import (
	"context"

	"fmt"
	"maps"
	"slices"
	"strings"

	"ingestd/internal/health"
	"ingestd/internal/store"
)

// database asks one thing after the other; what fails makes the rest
// meaningless, or not.
func (s *Subject) database(ctx context.Context) []Finding {
	c, err := s.DB.Checkup(ctx)
	rest := Finding{Area: areaDatabase, Status: Skip}
	switch {
	case err != nil:
		rest.What = "schema and rights: no connection"
		return []Finding{failed(err), rest}
	case c.Pooler == store.SharingPooler:
		rest.What = "schema and rights: no session of our own"
		return []Finding{sharing(c), rest}
	}
	number, _, _ := strings.Cut(c.ServerVersion, " ") // and how it was built
	server := fmt.Sprintf("PostgreSQL %s at %s, %s", number, c.Where, c.Secure)
	if c.Pooler == store.SessionPooler {
		server += ", through a pooler in session mode"
	}
	schema, fits := s.schema(ctx)
	closed := schema.Code == Word(health.RightsMissing) // what is missing is said below
	if fits {
		server += "; " + schema.What
	}
	list := []Finding{{Area: areaDatabase, Status: OK, What: server}}
	if !fits && !closed {
		list = append(list, schema)
	}
	return append(list, s.role(ctx, c, fits || closed)...)
}

// failed is a finding made of an error of package store, whose text is what is
// wrong, a semicolon and what to do.
func failed(err error) Finding {
	what, fix, _ := strings.Cut(err.Error(), "; ")
	f := Finding{Area: areaDatabase, Status: Fail, Code: Word(store.CodeOf(err)), What: what}
	if f.Code == "" {
		f.Code = Word(health.DatabaseDown)
	}
	if fix != "" {
		f.Fix, f.First = []string{fix}, fix
	}
	return f
}

func sharing(c store.Checkup) Finding {
	return Finding{Area: areaDatabase, Status: Fail, Code: Word(health.DatabaseUnfit),
		What:     "a pooler in transaction mode stands before PostgreSQL at " + c.Where,
		Evidence: "locks, settings and temporary tables belong to a session, which it shares out",
		Fix: []string{"set pool_mode to session for " + c.Role + " in the pooler, or connect to PostgreSQL directly " +
			"(Azure: port 5432 in place of 6432)"},
		First: "give " + c.Role + " sessions of its own"}
}

// schema says whether it is this program's.
func (s *Subject) schema(ctx context.Context) (Finding, bool) {
	have, want, err := s.DB.Version(ctx)
	f := Finding{Area: areaDatabase, Status: Fail}
	switch {
	case err != nil:
		return failed(err), false
	case have == 0:
		f.What, f.Code = fmt.Sprintf("not migrated; this program needs schema version %d", want), Word(health.SchemaOld)
	case have < want:
		f.What, f.Code = fmt.Sprintf("schema version %d, this program needs %d", have, want), Word(health.SchemaOld)
	case have > want:
		f.What = fmt.Sprintf("schema version %d, this program knows %d at most", have, want)
		f.Code = Word(health.SchemaNew)
		f.Fix, f.First = []string{"install the newer ingestd that migrated it"}, "install a newer ingestd"
		return f, false
	default:
		if err := s.DB.CheckSchema(ctx); err != nil {
			return failed(err), false
		}
		return Finding{What: fmt.Sprintf("schema %d, as needed", have)}, true
	}
	f.Fix = []string{"ingestd migrate up (as the owner of teams and ingest)"}
	f.First = "run ingestd migrate up"
	return f, false
}

// role says what the role may do and for how many connections there is room. Of
// a schema that is not there it says nothing.
func (s *Subject) role(ctx context.Context, c store.Checkup, there bool) []Finding {
	var wrong []Finding
	if err := s.DB.CheckWritable(ctx); err != nil {
		f := failed(err)
		f.What = strings.TrimPrefix(f.What, store.ErrReadOnly.Error()+": ")
		f.What = "it only reads: " + f.What
		wrong = append(wrong, f)
	}
	if there {
		wrong = append(wrong, s.rights(ctx, c.Role)...)
	}
	wrong = append(wrong, s.room(c)...)
	if there {
		wrong = append(wrong, s.cluster(ctx)...)
	}
	if c.Ahead.Abs() > health.MaxSkew {
		wrong = append(wrong, Finding{Area: areaDatabase, Status: Warn, Code: Word(health.ClockSkewed),
			What: fmt.Sprintf("the server's clock is %s this machine's", apart(c.Ahead)),
			Fix:  []string{"timedatectl set-ntp true (on the one that is wrong)"}, First: "set the clocks"})
	}
	if slices.ContainsFunc(wrong, Finding.wrong) || !there {
		return wrong
	}
	what := fmt.Sprintf("role %s may read and write; clock %s apart; %s", c.Role, seconds(c.Ahead), bytes(c.Bytes))
	return append([]Finding{{Area: areaDatabase, Status: OK, What: what}}, wrong...)
}

func (s *Subject) rights(ctx context.Context, role string) []Finding {
	lacking, err := s.DB.Lacking(ctx, store.Grantee{Role: role, Access: store.Write})
	if err != nil {
		return []Finding{failed(err)}
	}
	later := func(r store.Right) bool { return r.Kind == store.Later }
	now := slices.DeleteFunc(slices.Clone(lacking), later)
	command := "ingestd migrate grant --role " + health.ShellWord(role)
	switch {
	case len(now) > 0:
		return []Finding{{Area: areaDatabase, Status: Fail, Code: Word(health.RightsMissing),
			What: "role " + role + " lacks " + inWords(now), Fix: []string{command + " (as the owner)"},
			First: "run " + command + " as the owner"}}
	case len(lacking) > 0:
		return []Finding{{Area: areaDatabase, Status: Note,
			What: "tables of later migrations are not given to role " + role + " beforehand; run: " + command}}
	}
	return nil
}

// inWords says what is lacking: what is the same of several tables of a schema
// once, and nothing of the tables of a schema that may not even be used.
func inWords(lacking []store.Right) string {
	var parts []string
	tables := map[string]int{}
	privileges := map[string][]string{}
	closed := map[string]bool{}
	for _, r := range lacking {
		switch r.Kind {
		case "TABLE":
			tables[r.Schema]++
			for _, p := range r.Privileges {
				if !slices.Contains(privileges[r.Schema], p) {
					privileges[r.Schema] = append(privileges[r.Schema], p)
				}
			}
		default:
			closed[r.Schema] = closed[r.Schema] || r.Kind == "SCHEMA"
			parts = append(parts, strings.Join(r.Privileges, ", ")+" on "+strings.ToLower(r.Kind)+" "+r.Name)
		}
	}
	for _, schema := range slices.Sorted(maps.Keys(tables)) {
		if !closed[schema] {
			parts = append(parts, fmt.Sprintf("%s on %s of %s", strings.Join(privileges[schema], ", "),
				health.Count(tables[schema], "table", "tables"), schema))
		}
	}
	return strings.Join(parts, "; ")
}

// cluster says what is wrong with the nodes that rows are distributed to.
func (s *Subject) cluster(ctx context.Context) (list []Finding) {
	faults, err := s.DB.ClusterFaults(ctx)
	if err != nil {
		return []Finding{failed(err)}
	}
	for _, f := range faults {
		list = append(list, Finding{Area: areaDatabase, Status: Warn, Code: Word(health.DatabaseUnfit),
			What: f.What, Fix: []string{f.Fix}, First: "mend Citus' nodes"})
	}
	return list
}

// room looks for the limit that leaves too few connections.
func (s *Subject) room(c store.Checkup) []Finding {
	need := int64(s.DB.Needs())
	for _, limit := range []struct {
		whose, fix string
		room       *int64
	}{
		{"role " + c.Role, fmt.Sprintf("ALTER ROLE %s CONNECTION LIMIT %d", c.Role, need+2), c.RoleRoom},
		{"database " + c.Database, fmt.Sprintf("ALTER DATABASE %s CONNECTION LIMIT -1", c.Database), c.DatabaseRoom},
		{"the server", "raise max_connections, or end sessions: SELECT * FROM pg_stat_activity", c.ServerRoom},
	} {
		if limit.room != nil && *limit.room < need && !c.Superuser {
			return []Finding{{Area: areaDatabase, Status: Warn, Code: Word(health.DatabaseUnfit),
				What: fmt.Sprintf("%s has room for %s of ours, "+
					"%d are needed: pool_max_conns, and two for locks and rollups",
					limit.whose, health.Count(max(*limit.room, 0), "connection", "connections"), need),
				Fix: []string{limit.fix}, First: "make room for connections"}}
		}
	}
	return nil
}

// down reports whether a finding says that the database cannot be asked.
func down(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool {
		return f.Status == Skip || f.Code == Word(health.SchemaOld) || f.Code == Word(health.SchemaNew)
	})
}
