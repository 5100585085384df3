package store

import (
	"slices"
	"strings"
)

// Statements returns the SQL that stores the elements of a target, by name, in
// the order in which it is run.
func (t *Target) Statements() []NamedStatement {
	rows := func(s batchStatements) []NamedStatement {
		return []NamedStatement{{"stage", s.make}, {"copy", s.copyIn}, {"look up", s.lookUp}, {"upsert", s.upsert}}
	}
	prune := func(s pruneStatements) []NamedStatement {
		return []NamedStatement{
			{"tenants to prune", s.tenants}, {"end of a slice", s.end}, {"prune", s.delete}, {"kept from", s.mark},
			{"count", s.count},
		}
	}
	users := []NamedStatement{{"next changed row", t.users.next}, {"refresh users", t.users.refresh}}
	w := t.rewrite
	rewrite := []NamedStatement{
		{"next to rewrite", w.next}, {"next of old to rewrite", w.nextOld},
		{"next without time to rewrite", w.nextTimeless}, {"count to rewrite", w.count}, {"lock", w.lock},
		{"stage of rewritten", w.make}, {"copy of rewritten", w.copyIn}, {"delete moved", w.delete},
		{"write rewritten", w.write}, {"note rewritten", w.note},
	}
	for _, query := range w.children {
		rewrite = append(rewrite, NamedStatement{"read details", query})
	}
	switch {
	case t.records != nil:
		r := t.records
		details := []NamedStatement{
			{"stage of details", r.headers.make},
			{"copy of details", r.headers.copyIn},
			{"note hours", t.rows.noteHours},
			{"claim", r.claim},
			{"stored by", r.storedBy},
			{"newer", r.newer},
			{"delete details", strings.ReplaceAll(r.delete, "{month}", "")},
		}
		for _, copyIn := range r.copyIn {
			details = append(details, NamedStatement{"copy children", strings.ReplaceAll(copyIn, "{month}", "")})
		}
		return slices.Concat(rows(r.announce), details, []NamedStatement{{"note", r.note}}, users,
			prune(t.prune), prune(r.pruneDetails), rewrite)
	case t.event < 0:
		day := []NamedStatement{{"note hours", t.day.noteHours}, {"copy new", t.day.copyNew}, {"replace", t.replace}}
		return slices.Concat(rows(t.day), day, users, prune(t.prune), rewrite)
	}
	direct := []NamedStatement{{"note hours", t.rows.noteHours}, {"copy new", t.rows.copyNew}}
	return slices.Concat(rows(t.rows), direct, users, prune(t.prune), rewrite)
}

// A NamedStatement is SQL and what it is for.
type NamedStatement struct{ Name, SQL string }

// CommonStatements returns the SQL that does not depend on the target.
func CommonStatements() []NamedStatement {
	var all []NamedStatement
	for _, file := range []string{
		"put_rejects", "resolve_rejects", "users_mark", "users_move_mark", "renew_tables", "renew_marks",
		"renew_tombstones", "rewrite_rejects",
		"rights", "checkup", "rollup_due", "rollup_lists", "rollup_days", "rollup_work",
		"rollup_forget", "kept_from", "prune_who", "prune_raw", "prune_freeze", "prune_users",
		"names_of",
		"prune_count_users", "tell_calls",
	} {
		all = append(all, NamedStatement{file, statement(file)})
	}
	all = append(all, NamedStatement{"rewrite_users", rewriteUsersSQL})
	all = append(all, NamedStatement{"rollup_day", dayStatement("pstn_matches")})
	all = append(all, NamedStatement{"prune_rollup", statement("prune_rollup", "{rollup}", "rollup.pstn_cost_daily")})
	for _, file := range []string{"renew_look", "renew_slice"} {
		all = append(all, NamedStatement{file, statement(file, "{table}", "teams.pstn_calls")})
	}
	return all
}
