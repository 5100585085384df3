package graphsim

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

type blockRow struct {
	UserID, UserPrincipalName, UserBlockMode, BlockReason, RemediationID string
	BlockDateTime                                                        time.Time
}

func blockRows(t *testing.T, a *app, from, to time.Time) (rows []blockRow) {
	t.Helper()
	for text := range a.Rows("getPstnBlockedUsersLog", "beta", from, to) {
		var row blockRow
		if err := json.Unmarshal(text, &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestBlocksAndTheirEndsShareARemediation(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	seen, blocks := make(map[string]int), make(map[string]blockRow)
	for _, row := range blockRows(t, a, noon.AddDate(0, 0, -90), noon) {
		seen[row.UserBlockMode]++
		if strings.EqualFold(row.UserBlockMode, "blocked") {
			blocks[row.RemediationID] = row
			continue
		}
		block, known := blocks[row.RemediationID]
		if !known && row.BlockDateTime.After(noon.AddDate(0, 0, -87)) {
			t.Errorf("unblocked before blocked: %+v", row)
		}
		if known && block.UserID != row.UserID {
			t.Errorf("%+v and %+v share a remediation", block, row)
		}
		count(seen, "at once", known && block.BlockDateTime.Equal(row.BlockDateTime))
		count(seen, "other name", known && block.UserPrincipalName != row.UserPrincipalName)
	}
	for _, what := range []string{"Blocked", "blocked", "Unblocked", "unblocked", "at once", "other name"} {
		if seen[what] == 0 {
			t.Errorf("none: %s (%v)", what, seen)
		}
	}
	if blocked, ended := seen["Blocked"]+seen["blocked"], seen["Unblocked"]+seen["unblocked"]; blocked <= ended {
		t.Errorf("%d blocks and %d ends, want some for good", blocked, ended)
	}
}
