package mapping_test

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	. "ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
)

// The keys of two elements are equal if the members they are made of say the same, and stay what they are: another key
// for a stored element would store it again.
func TestHashKeys(t *testing.T) {
	t.Parallel()
	const user, other = `"userId": "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01"`,
		`"userId": "0E7C4A52-5D1F-4B6E-9D39-6F2D9A3C1B01"`
	tests := []struct {
		name    string
		model   *Model
		element string
		key     string
	}{
		{"event", blocks, `{` + user + `, "blockDateTime": "2026-01-01T00:00:00.1234567Z", "mode": "Blocked"}`,
			"1c863ecbfa990953f1511981a168cc9f"},
		{"same event, otherwise written", blocks, `{"mode": "blocked", "reason": "other", ` + other +
			`, "blockDateTime": "2026-01-01T00:00:00.1234561Z"}`, "1c863ecbfa990953f1511981a168cc9f"},
		{"other mode", blocks, `{` + user + `, "blockDateTime": "2026-01-01T00:00:00.1234567Z", "mode": "unblocked"}`,
			"a69986ce67f0cabf66959d181ffe82e2"},
		{"one member of three", blocks, `{"mode": "blocked", "blockDateTime": "0001-01-01T00:00:00Z", "userId": ""}`,
			"aaa27b22625d9231e3a2a7d4afc7482c"},
		{"message without an id", messages, `{"smsId": "s", "sentDateTime": "2026-01-01T00:00:00Z"}`,
			"0326f844a9b59f553618578874e759f8"},
		{"its id null, its text other", messages,
			`{"id": null, "text": "x", "smsId": "s", "units": null, "sentDateTime": "2026-01-01T00:00:00.0Z"}`,
			"0326f844a9b59f553618578874e759f8"},
		{"other units", messages, `{"smsId": "s", "sentDateTime": "2026-01-01T00:00:00Z", "units": 1}`,
			"a285d4cc5a24d3eb70121eaefba5abde"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			layout := tt.model.Tables[0]
			b := store(t, tt.model, tt.element)
			if got := column(t, b, layout.Name, layout.Columns[0].Name); got != strconv.Quote(tt.key) {
				t.Errorf("key = %s, want %q", got, tt.key)
			}
		})
	}
}

func TestUnusableHashKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		model   *Model
		element string
		reason  string
	}{
		{"nothing to hash", blocks, `{"mode": "", "reason": "x"}`, "no key: every member it is made of is missing"},
		{"misfit", blocks, `{"mode": "blocked", "userId": "nobody"}`, "no key: userId does not fit its column"},
		{"text that cannot be stored", blocks, `{"mode": "a\u0000"}`, "no key: mode does not fit its column"},
		{
			"no id and nothing to hash",
			messages,
			`{"id": "", "text": "x"}`,
			"no key: every member it is made of is missing",
		},
		{"no id and a misfit", messages, `{"smsId": "s", "units": "many"}`, "no key: units does not fit its column"},
		{"an id that does not fit is no missing id", messages, `{"id": 7, "smsId": "s"}`,
			"no key: id does not fit its column"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := store(t, tt.model, tt.element)
			if len(b.Elements) != 0 || len(b.Rejects) != 1 || b.Rejects[0].Reason != tt.reason || b.Rejects[0].Stored {
				t.Errorf("%d elements and rejects %+v, want one of %q", len(b.Elements), b.Rejects, tt.reason)
			}
		})
	}
}

// The rest of the element comes back as served, whatever its key is from.
func TestRoundTripOfHashedKeys(t *testing.T) {
	t.Parallel()
	stored := 0
	rapid.Check(t, func(rt *rapid.T) {
		element := message().Draw(rt, "message")
		b := store(t, messages, element)
		if len(b.Elements) == 0 {
			return // unusable keys have their own test
		}
		stored++
		mappingtest.Same(t, []byte(element), []byte(rebuild(t, b)))
		if t.Failed() {
			rt.Fatal("see above")
		}
	})
	if stored == 0 {
		t.Error("no message was stored: the test shows nothing")
	}
}
