package store_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// No statement of the package has a shape that Citus refuses, or answers wrongly
// without a word.
func TestShapesOfStatements(t *testing.T) {
	t.Parallel()
	for place, sql := range allSQL(t) {
		for _, fault := range faultsOf(sql) {
			t.Errorf("%s: %s", place, fault)
		}
	}
	const (
		noColumns   = "a sub-select without columns"
		noFrom      = "an arm of a UNION without FROM"
		time        = "another node's time"
		transaction = "another node's transaction"
		joined      = "rows joined with the ledger in a sub-select"
	)
	for sql, want := range map[string]string{
		"SELECT EXISTS (SELECT FROM ingest.runs)":                             noColumns,
		"SELECT * FROM (SELECT 1 AS a UNION ALL SELECT a FROM b) x":           noFrom,
		"SELECT * FROM (SELECT a FROM b UNION ALL SELECT c.a WHERE (true)) x": noFrom,
		"SELECT (SELECT a FROM b UNION SELECT a FROM c) FROM d":               "",

		"INSERT INTO a SELECT 1 RETURNING xmax = 0":                                   "a column of the system's: xmax",
		"INSERT INTO teams.a SELECT b RETURNING id, at = now()":                       time,
		"INSERT INTO x SELECT a, pg_current_xact_id() FROM gone":                      transaction,
		"SELECT 1 FROM teams.a WHERE x < coalesce(ingest.feed_horizon(), '0')":        transaction,
		"SELECT 1 FROM teams.a WHERE x < (SELECT ingest.feed_horizon())":              transaction,
		"SELECT 1 FROM teams.a WHERE x < (SELECT pg_current_xact_id() FROM ingest.b)": "",

		"SELECT 1 FROM ingest.a s WHERE EXISTS (SELECT 1 FROM teams.a WHERE b = s.b)": joined,
		"SELECT (SELECT 1 FROM ingest.a r WHERE r.a = c.a) FROM teams.b c":            joined,
		"SELECT (SELECT 1 FROM ingest.tombstones t WHERE t.a = c.a) FROM teams.b c":   "",
	} {
		if got := strings.Join(faultsOf(sql), "; "); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

var (
	noColumns    = regexp.MustCompile(`(?i)\bSELECT\s+FROM\b`)
	systemColumn = regexp.MustCompile(`\b(xmin|xmax|cmin|cmax|ctid|tableoid)\b`)
	returnedTime = regexp.MustCompile(`(?s)\bRETURNING\b[^()]*\bnow\(\)`)
	sqlComment   = regexp.MustCompile(`--[^\n]*`)
	sqlWord      = regexp.MustCompile(`[()]|\bSELECT\b|\bUNION\b|` +
		`\b(FROM|JOIN|USING|INTO|UPDATE)\b(?:\s+([a-z{][\w{}.]*)(?:\s+(?:AS\s+)?([a-z]\w*))?)?|` +
		`\b((?:\w+\.)?(?:pg_current_xact_id|pg_current_snapshot|feed_horizon|ripe_before))\b|` +
		`\b(\w+)\.\w+`)
	// Tables that are placed by tenant, and those that stay on the coordinator.
	placedTable = regexp.MustCompile(
		`^(teams\.|ingest\.(acknowledgements|details_retries|told_records|tombstones)$|rollup\.pstn_)`)
	staysTable = regexp.MustCompile(`^(ingest|rollup)\.|^\{stage\}$`)
)

// An arm is what is between two parentheses, or is an arm of a UNION.
type arm struct {
	selects, from, union bool
	stays                bool            // it reads a table of the coordinator first
	asks                 bool            // for a transaction
	tables               map[string]bool // by alias: whether they are placed
	named                []string        // aliases
	below                []reference     // from the arms within
}

// A reference is made from an arm that reads placed tables, or others, to an alias.
type reference struct {
	placed bool
	alias  string
}

func faultsOf(sql string) (faults []string) {
	sql = sqlComment.ReplaceAllString(sql, "")
	fault := func(is bool, what string) {
		if is && !slices.Contains(faults, what) {
			faults = append(faults, what)
		}
	}
	fault(noColumns.MatchString(sql), "a sub-select without columns")
	fault(systemColumn.MatchString(sql), "a column of the system's: "+systemColumn.FindString(sql))
	fault(returnedTime.MatchString(sql), "another node's time")
	stack := []*arm{{}}
	end := func(a *arm) (left []reference) {
		fault(a.selects && a.union && !a.from, "an arm of a UNION without FROM")
		fault(a.selects && a.asks && !a.stays && (a.from || len(stack) > 1), "another node's transaction")
		for _, r := range a.below {
			placed, known := a.tables[r.alias]
			fault(known && placed != r.placed, "rows joined with the ledger in a sub-select")
			if !known {
				left = append(left, r)
			}
		}
		for _, alias := range a.named {
			if _, known := a.tables[alias]; !known {
				for _, placed := range a.tables {
					left = append(left, reference{placed, alias})
				}
			}
		}
		return left
	}
	for _, word := range sqlWord.FindAllStringSubmatch(sql, -1) {
		top := stack[len(stack)-1]
		switch {
		case word[0] == "(":
			stack = append(stack, &arm{})
		case word[0] == ")" && len(stack) > 1:
			left := end(top)
			stack = stack[:len(stack)-1]
			around := stack[len(stack)-1]
			around.below = append(around.below, left...)
			around.asks = around.asks || top.asks && !top.selects
		case word[0] == "SELECT":
			top.selects = true
		case word[0] == "UNION":
			top.union = true
			end(top)
			*top = arm{union: true}
		case word[1] != "":
			top.reads(word[1], word[2], word[3])
		case word[4] != "":
			top.asks = true
		case word[5] != "":
			top.named = append(top.named, word[5])
		}
	}
	end(stack[0])
	return faults
}

// reads notes a table.
func (a *arm) reads(how, table, alias string) {
	if how == "FROM" && !a.from {
		a.from, a.stays = true, staysTable.MatchString(table) && !placedTable.MatchString(table)
	}
	if placed := placedTable.MatchString(table); placed || staysTable.MatchString(table) {
		if a.tables == nil {
			a.tables = map[string]bool{}
		}
		a.tables[alias] = placed
	}
}
