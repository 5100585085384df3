package mapping_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	. "ingestd/internal/mapping"
)

// party is declared once and used for both sides of a leg.
var party = []Member{
	Col("@odata.type", "party_type", Text),
	In("who",
		Col("id", "who_id", IndexedText),
		OneOf("who_kind", Col("name", "who_name", Text), Col("home", "who_home", UUID))),
}

// calls uses every word, nested as a call record is.
var calls = Table("calls",
	Key("id", "id", UUID, "call_id"),
	Col("version", "version", Int8),
	Col("startDateTime", "start_at", Timestamp),
	Col("userBlockMode", "block_mode", LowerText),
	Col("charge", "charge", Numeric),
	List("modalities", "modalities"),
	List("units", "unit_ids", "id"),
	In("organizer",
		Col("id", "organizer_id", IndexedText),
		In("identity", OneOf("organizer_kind", Col("displayName", "organizer_name", Text)))),
	Rows("legs", "legs", "leg_index",
		Col("length", "length_ms", Millis),
		Col("answered", "answered", Bool),
		Side("leg_parties", "caller", In("caller", party...)),
		Side("leg_parties", "callee", In("callee", party...)),
		Rows("streams", "streams", "stream_index",
			Col("loss", "loss", Float8),
			Col("packets", "packets", Int4),
			Col("address", "address", Inet),
			Col("linkSpeed", "link_speed", LinkSpeed),
			Col("tokens", "tokens", JSON))))

// blocks is keyed by a hash.
var blocks = Table("blocks",
	HashKey("event_key", "userId", "blockDateTime", "mode"),
	Col("userId", "user_id", UUID),
	Col("blockDateTime", "block_at", Timestamp),
	Col("mode", "mode", LowerText),
	Col("reason", "reason", Text))

// messages are keyed by an id, or by a hash where they have none.
var messages = Table("messages",
	Key("id", "id", ID).Else("id_source", "smsId", "sentDateTime", "units"),
	Col("smsId", "sms_id", IndexedText),
	Col("sentDateTime", "sent_at", Timestamp),
	Col("units", "units", Int4),
	Col("text", "text", Text))

var served = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// store encodes one element as a batch of its own.
func store(t testing.TB, m *Model, element string) *Batch {
	t.Helper()
	b := m.NewBatch()
	appendTo(t, b, element)
	return b
}

func appendTo(t testing.TB, b *Batch, element string) {
	t.Helper()
	b.Append(parse(t, element), served)
}

func parse(t rapid.TB, text string) Value {
	t.Helper()
	var doc Document
	if err := doc.Parse([]byte(text)); err != nil {
		t.Fatalf("parse %.200s: %v", text, err)
	}
	return doc.Root()
}

// rebuild returns the document of the batch's only element.
func rebuild(t testing.TB, b *Batch) string {
	t.Helper()
	if len(b.Elements) != 1 {
		t.Fatalf("element not stored: %+v", b.Rejects)
	}
	rows := make([][]Row, len(b.Model.Tables))
	for table := range rows {
		for encoded := range b.Rows(0, table) {
			rows[table] = append(rows[table], fields(encoded))
		}
	}
	out, err := b.Model.Rebuild(rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func fields(encoded []byte) Row {
	var row Row
	for f := range Fields(encoded) {
		row = append(row, f)
	}
	return row
}

// column returns the JSON form of one column of a table's first row.
func column(t testing.TB, b *Batch, table, name string) string {
	t.Helper()
	for i, layout := range b.Model.Tables {
		for c, col := range layout.Columns {
			if layout.Name != table || col.Name != name {
				continue
			}
			for encoded := range b.Rows(0, i) {
				if value := fields(encoded)[c]; value != nil {
					return string(JSONOf(col.Type, value))
				}
				return "NULL"
			}
			return "no row"
		}
	}
	t.Fatalf("no column %s.%s", table, name)
	return ""
}

func TestContradictoryDeclarations(t *testing.T) {
	t.Parallel()
	col := Col("a", "a", Text)
	for name, declare := range map[string]func(){
		"no key":                   func() { Table("t", col) },
		"key behind other columns": func() { Table("t", col, Key("id", "id", ID)) },
		"key behind a key's source": func() {
			Table("t", Key("id", "id", ID).Else("source", "a"), Key("to", "to", ID), col)
		},
		"hash of no column":      func() { Table("t", HashKey("key", "b"), col) },
		"fall back to no column": func() { Table("t", Key("id", "id", ID).Else("source", "b"), col) },
		"fall back of a column":  func() { Table("t", Key("id", "id", ID), col.Else("source", "a")) },
		"fall back of a uuid":    func() { Table("t", Key("id", "id", UUID).Else("source", "a"), col) },
		"derived number": func() {
			Table("t", Key("id", "id", ID), Derived("n", Int4, func(Value) string { return "" }))
		},
		"member twice": func() { Table("t", Key("id", "id", ID), col, Col("a", "b", Text)) },
		"column twice": func() { Table("t", Key("id", "id", ID), col, Col("b", "a", Text)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("was accepted")
				}
			}()
			declare()
		})
	}
}
