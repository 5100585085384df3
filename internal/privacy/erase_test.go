package privacy_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/privacy"
	"ingestd/internal/privacy/privacytest"
)

const erasedID, erasedNumber = "7b1f9d7e-2c3a-4d5e-8f60-1a2b3c4d5e6f", "+4930987654321"

func eraser(t testing.TB, who ...string) *privacy.Eraser {
	t.Helper()
	e, err := privacy.NewEraser(secret, tenant)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range who {
		p, ok := e.Person(text)
		if !ok {
			t.Fatal("nobody is known by", text)
		}
		if err := e.Add(p.By, p.Hash); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// Wherever Graph names a person who is erased, nothing of them is stored, in whatever modes, and others stay. What is
// erased stays as it is when it is erased again, and rows with pseudonyms become the same as what was served.
func TestErased(t *testing.T) {
	t.Parallel()
	for _, e := range fetch.Endpoints {
		for _, who := range []string{erasedID, erasedNumber} {
			t.Run(e.Name+" "+who, func(t *testing.T) {
				t.Parallel()
				served, kept, modes, both := e.Rows.NewBatch(), e.Rows.NewBatch(), e.Rows.NewBatch(), e.Rows.NewBatch()
				kept.Eraser = eraser(t, who).Of(e.Rows)
				modes.Redactor = policy(t, policies["pseudonyms"]...).Redactor(e.Rows)
				both.Eraser, both.Redactor = kept.Eraser, modes.Redactor
				for i, document := range documents(t, e) {
					text := plantPerson(t, document, who, i)
					for _, b := range []*mapping.Batch{served, kept, modes, both} {
						b.Append(parse(t, text), at)
					}
				}
				needles := []string{who, strings.ToUpper(who), "98765-4321"}
				if len(served.Elements) < 10 || len(privacytest.Found(stored(served), needles)) == 0 {
					t.Fatalf("%d elements: the test shows little", len(served.Elements))
				}
				if found := privacytest.Found(append(stored(kept), stored(both)...), needles); len(found) > 0 {
					t.Errorf("stored: %q", found)
				}
				wantSame(t, kept)
				wantSame(t, both)
				wantErasedLater(t, both, modes)
				if who == erasedID {
					wantKeysLater(t, e, kept.Eraser, policy(t, policies["parts"]...).Redactor(e.Rows))
				}
			})
		}
	}
}

// plantPerson puts a person where the i-th document has ids or numbers, and as an unknown member.
func plantPerson(t *testing.T, document, who string, i int) []byte {
	t.Helper()
	n := 0
	changed, err := privacytest.Change([]byte(document), func(kind, value string) string {
		n++
		fits := map[string]string{"guid": erasedID, "identity": who, "number": erasedNumber, "text": who}[kind]
		switch {
		case n%4 != i%4 || fits != who:
			return value
		case kind == "text" && who == erasedNumber:
			return "0049 (0)30 98765-4321, as they say"
		case kind == "text":
			return "of " + strings.ToUpper(who) + ", as they say"
		}
		return fits
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"new": {"a": [%q]}, "dialled": %s, %s`, who, erasedNumber[1:], changed[1:])
}

// wantErasedLater fails the test unless documents that were stored with modes become what they would be, had the person
// been erased before.
func wantErasedLater(t *testing.T, erased, modes *mapping.Batch) {
	t.Helper()
	later := modes.Model.NewBatch()
	later.Eraser, later.Redactor = erased.Eraser, erased.Redactor
	for i := range modes.Elements {
		later.Append(parse(t, modes.Raw(i)), at)
		want, got := erased.Elements[i], later.Elements[i]
		if want.Key != got.Key || want.Hash != got.Hash {
			t.Fatalf("erased when it is read, when it is stored (-, +):\n%s",
				cmp.Diff(string(want.Raw), string(got.Raw)))
		}
	}
}

// wantKeysLater fails the test unless rows of which parts were stored get the key that they would get, had the person
// been erased before.
func wantKeysLater(t *testing.T, e fetch.Endpoint, eraser *mapping.Eraser, parts *mapping.Redactor) {
	t.Helper()
	erased, stored, later := e.Rows.NewBatch(), e.Rows.NewBatch(), e.Rows.NewBatch()
	erased.Eraser, erased.Redactor, stored.Redactor, later.Eraser = eraser, parts, parts, eraser
	for i, document := range documents(t, e) {
		text := plantPerson(t, document, erasedID, i)
		erased.Append(parse(t, text), at)
		stored.Append(parse(t, text), at)
	}
	for i := range stored.Elements {
		text, err := e.Rows.Restore(rowsOf(stored, i))
		if err != nil {
			t.Fatal(err)
		}
		later.Append(parse(t, text), at)
		if want, got := erased.Elements[i].Key, later.Elements[i].Key; want != got {
			t.Fatalf("key %q when it is read, %q when it is stored: %s", want, got, text)
		}
	}
}

func rowsOf(b *mapping.Batch, element int) [][]mapping.Row {
	all := make([][]mapping.Row, len(b.Model.Tables))
	for table := range all {
		for row := range b.Rows(element, table) {
			all[table] = append(all[table], slices.Collect(mapping.Fields(row)))
		}
	}
	return all
}

// Of a call all goes that is of the person's side, and nothing of the other's.
func TestErasedSide(t *testing.T) {
	t.Parallel()
	const other = "11111111-2c3a-4d5e-8f60-1a2b3c4d5e6f"
	e := fetch.CallRecords
	b := e.Rows.NewBatch()
	b.Eraser = eraser(t, erasedID).Of(e.Rows)
	side := func(id, name string) string {
		return fmt.Sprintf(`{"associatedIdentity": {"id": %q, "displayName": %q},
			"name": "%[2]s-PC", "cpuCoresCount": 8,
			"feedback": {"rating": "good", "text": "I am %[2]s", "tokens": {"a": true}}}`, id, name)
	}
	b.Append(parse(t, []byte(`{"id": "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b02", "version": 1,
		"organizer_v2": {"id": "`+other+`", "identity": {"user": {"id": "`+other+`", "displayName": "Ben"}}},
		"participants_v2": [{"id": "`+erasedID+`", "identity": {"user": {"id": "`+erasedID+`", "displayName": "Anna"}}},
			{"id": "`+other+`", "identity": {"user": {"id": "`+other+`", "displayName": "Ben"}}}],
		"sessions": [{"caller": `+side(strings.ToUpper(erasedID), "Anna")+`, "callee": `+side(other, "Ben")+`,
			"segments": [{"media": [{
				"callerDevice": {"captureDeviceName": "Annas headset", "sentSignalLevel": -20},
				"callerNetwork": {"ipAddress": "10.1.2.3", "wifiBand": "unknown", "dnsSuffix": "anna.example"},
				"calleeDevice": {"captureDeviceName": "Bens headset"},
				"calleeNetwork": {"ipAddress": "10.4.5.6"}}]}]}]}`)), at)
	raw := b.Raw(0)
	for _, text := range []string{"Anna", "anna", "10.1.2.3", erasedID, strings.ToUpper(erasedID)} {
		if bytes.Contains(raw, []byte(text)) {
			t.Errorf("%q is stored", text)
		}
	}
	p, _ := eraser(t).Person(erasedID)
	for text, times := range map[string]int{
		p.Instead[0]: 3, other: 5, `"Ben"`: 3, "Ben-PC": 1, "I am Ben": 1, "Bens headset": 1, "10.4.5.6": 1,
		`"sentSignalLevel":-20`: 1, `"cpuCoresCount":8`: 2, `"wifiBand":"unknown"`: 1, `"rating":"good"`: 2,
		`"a":true`: 2,
	} {
		raw := bytes.ReplaceAll(raw, []byte(`": `), []byte(`":`))
		if n := bytes.Count(raw, []byte(text)); n != times {
			t.Errorf("%q is stored %d times, want %d: %s", text, n, times, raw)
		}
	}
	if !slices.Equal(p.Instead[:1], p.Instead[1:]) {
		t.Errorf("the pseudonyms of one person: %q", p.Instead)
	}
}
