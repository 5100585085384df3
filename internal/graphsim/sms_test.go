package graphsim

import (
	"encoding/json"
	"testing"
	"time"
)

func TestMessagesAreAsOddAsDocumented(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 1500})
	from, to := noon.AddDate(0, 0, -30), noon.AddDate(0, 0, -4)
	seen, ids, messages := make(map[string]int), make(map[string]int), make(map[string]int)
	keys := make(map[string]bool) // what tells rows without an id apart
	total := 0
	for text := range a.Rows("getSmsLog", "beta", from, to) {
		var m struct {
			ID                                                        *string
			SMSID, SMSType, DestinationContext, SourceNumber, UserID  string
			DestinationNumber, UserCountryCode, OtherPartyCountryCode string
			SentDateTime                                              time.Time
			CallCharge                                                json.Number
			SMSUnits                                                  int
		}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		total++
		_, present := object(t, string(text))["id"]
		count(seen, "no id", !present)
		count(seen, "null id", present && m.ID == nil)
		if m.ID != nil {
			ids[*m.ID]++
		}
		messages[m.SMSID]++
		keys[m.SMSID+m.SentDateTime.String()+m.SourceNumber+m.DestinationNumber+m.SMSType] = true
		count(seen, "outside", m.SentDateTime.Before(from) || m.SentDateTime.After(to))
		count(seen, "out", m.SMSType == "sms_out")
		count(seen, "charged", m.CallCharge != "0.00")
		count(seen, "several units", m.SMSUnits > 1)
		if abroad := m.UserCountryCode != m.OtherPartyCountryCode; abroad != (m.DestinationContext == "International") {
			t.Errorf("context of %s", text)
		}
	}
	for _, what := range []string{"no id", "null id", "outside", "out", "charged", "several units"} {
		if n := seen[what]; n == 0 || n > total/2 {
			t.Errorf("%d of %d rows: %s", n, total, what)
		}
	}
	if len(ids)+seen["no id"]+seen["null id"] != total {
		t.Errorf("%d ids of %d rows", len(ids), total)
	}
	if n := len(messages); n == total || n < total*8/10 {
		t.Errorf("%d smsIds of %d rows, want some shared", n, total)
	}
	if len(keys) != total {
		t.Errorf("%d of %d rows can be told apart without an id", len(keys), total)
	}
}
