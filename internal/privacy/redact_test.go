package privacy_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ingestd/internal/catalog"
	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/privacy"
	"ingestd/internal/privacy/privacytest"
)

var (
	tenant = uuid.MustParse("0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01")
	secret = []byte("a secret of thirty-two bytes, or more")
	at     = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// policy has modes in the order of catalog.Classes.
func policy(t testing.TB, modes ...privacy.Mode) *privacy.Policy {
	t.Helper()
	of := map[catalog.Class]privacy.Mode{}
	for i, class := range catalog.Classes {
		of[class] = modes[i]
	}
	p, err := privacy.New(of, secret, tenant)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var policies = map[string][]privacy.Mode{
	"pseudonyms": {privacy.HMAC, privacy.HMAC, privacy.HMAC, privacy.Drop},
	"parts":      {privacy.HMAC, privacy.Mask, privacy.Truncate, privacy.Drop},
	"nothing":    {privacy.Drop, privacy.Drop, privacy.Drop, privacy.Drop},
}

var keep = []privacy.Mode{privacy.Keep, privacy.Keep, privacy.Keep, privacy.Keep}

// rowTypes are Graph's names of the elements of logs.
var rowTypes = map[string]string{
	"pstn_calls": "pstnCallLogRow", "direct_routing_calls": "directRoutingLogRow", "sms_messages": "smsLogRow",
	"pstn_blocked_users_log": "pstnBlockedUsersLogRow", "dialout_report": "pstnOnlineMeetingDialoutReport",
}

// Nothing personal of a document gets into what is stored of it, wherever Graph serves it: not into rows, keys, raw
// documents or rejects. What is redacted once stays as it is.
func TestNothingServedIsStored(t *testing.T) {
	t.Parallel()
	for _, e := range fetch.Endpoints {
		for name, modes := range policies {
			t.Run(e.Name+" "+name, func(t *testing.T) {
				t.Parallel()
				b := e.Rows.NewBatch()
				b.Redactor = policy(t, modes...).Redactor(e.Rows)
				var planted []string
				for _, document := range documents(t, e) {
					planted = append(planted, appendPlanted(t, b, document)...)
				}
				if n, m := len(b.Elements), len(b.Rejects); len(planted) < 50 || n < 20 || m < 20 {
					t.Fatalf("%d values planted, %d elements, %d rejects", len(planted), n, m)
				}
				if found := privacytest.Found(stored(b), planted); len(found) > 0 {
					t.Errorf("of %d values %d are stored: %.300q", len(planted), len(found), found)
				}
				wantSame(t, b)
			})
		}
	}
}

// wantSame fails the test unless what a batch made is left as it is when it is read again.
func wantSame(t *testing.T, b *mapping.Batch) {
	t.Helper()
	again := b.Model.NewBatch()
	again.Redactor = b.Redactor
	for i, e := range b.Elements {
		again.Append(parse(t, e.Raw), at)
		if string(again.Elements[i].Raw) != string(e.Raw) || again.Elements[i].Key != e.Key ||
			again.Elements[i].Hash != e.Hash {
			t.Fatalf("redacted again (-, +):\n%s", cmp.Diff(string(e.Raw), string(again.Elements[i].Raw)))
		}
	}
}

// What is stored can be made anew: to the same rows as they are, and with modes to those that reading with these would
// have made, once and for all.
func TestRestoredIsAsRead(t *testing.T) {
	t.Parallel()
	for _, e := range fetch.Endpoints {
		batch := func(modes []privacy.Mode) *mapping.Batch {
			b := e.Rows.NewBatch()
			b.Redactor = policy(t, modes...).Redactor(e.Rows)
			return b
		}
		for name, modes := range policies {
			t.Run(e.Name+" "+name, func(t *testing.T) {
				t.Parallel()
				compared := 0
				for _, document := range documents(t, e) {
					served := appended(batch(keep), parse(t, []byte(document)))
					read := appended(batch(modes), parse(t, []byte(document)))
					if len(served.Elements)+len(read.Elements) < 2 {
						continue
					}
					compared++
					rewritten := appended(batch(modes), restored(t, served))
					wantRows(t, "restored", served, appended(batch(keep), restored(t, served)))
					if !e.Versioned || name != "nothing" { // that an id which is dropped was a guest's stays known
						wantRows(t, "rewritten", read, rewritten)
					}
					wantRows(t, "rewritten again", rewritten, appended(batch(modes), restored(t, rewritten)))
				}
				if compared < 15 {
					t.Errorf("only %d elements", compared)
				}
			})
		}
	}
}

func appended(b *mapping.Batch, element mapping.Value) *mapping.Batch {
	b.Append(element, at)
	return b
}

// restored is the element of a batch, put together again from its rows.
func restored(t *testing.T, b *mapping.Batch) mapping.Value {
	t.Helper()
	rows := make([][]mapping.Row, len(b.Model.Tables))
	for table := range rows {
		for row := range b.Rows(0, table) {
			rows[table] = append(rows[table], slices.Collect(mapping.Fields(row)))
		}
	}
	text, err := b.Model.Restore(rows)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, text)
}

// wantRows fails the test unless two batches have the same rows.
func wantRows(t *testing.T, what string, want, got *mapping.Batch) {
	t.Helper()
	w, g := want.Elements[0], got.Elements[0]
	if w.Key != g.Key || w.Hash != g.Hash {
		t.Fatalf("%s (-want, +got):\n%s", what, cmp.Diff(pretty(t, restored(t, want)), pretty(t, restored(t, got))))
	}
}

func pretty(t *testing.T, v mapping.Value) string {
	t.Helper()
	var text bytes.Buffer
	if err := json.Indent(&text, v.Raw(), "", " "); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func documents(t *testing.T, e fetch.Endpoint) (list []string) {
	t.Helper()
	file, err := os.Open("../../testdata/properties.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	properties, err := mappingtest.ReadProperties(file)
	if err != nil {
		t.Fatal(err)
	}
	generator := mappingtest.CallRecord(properties)
	if !e.Versioned {
		generator = mappingtest.Element(properties, rowTypes[e.Name], e.APIs[len(e.APIs)-1], "id")
	}
	own, err := filepath.Glob("../../testdata/" + e.Name + "/*.json")
	if err != nil || len(own) == 0 {
		t.Fatal("no documents", err)
	}
	for _, name := range own {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var page struct{ Value []json.RawMessage }
		if err := json.Unmarshal(text, &page); err != nil {
			t.Fatal(err)
		}
		if e.Versioned {
			page.Value = []json.RawMessage{text}
		}
		for _, element := range page.Value {
			list = append(list, string(element))
		}
	}
	for i := range 40 {
		list = append(list, generator.Example(i))
	}
	return list
}

// appendPlanted appends a document that is full of personal data, as one element, as one that a key of the wrong type
// makes a reject, and as no object.
func appendPlanted(t *testing.T, b *mapping.Batch, document string) (planted []string) {
	t.Helper()
	plant := func(kind, value string) string {
		v := canary(kind, len(b.Elements)*10_000+len(b.Rejects)*1_000+len(planted))
		planted = append(planted, v)
		return v
	}
	changed, err := privacytest.Change([]byte(document), plant)
	if err != nil {
		t.Fatal(err)
	}
	unknown := plant("name", "")
	whole := fmt.Appendf(nil, `{"new": {"a": [%q]}, "x@odata.count": [%[1]q], "duration": %[1]q, "type": [%[1]q], %s`,
		unknown, changed[1:])
	b.Append(parse(t, whole), at)
	b.Append(parse(t, fmt.Appendf(nil, `{"userId": 7, "startDateTime": %q, %s`, unknown, changed[1:])), at)
	b.Append(parse(t, fmt.Appendf(nil, "[%s]", whole)), at)
	return planted
}

func canary(kind string, n int) string {
	switch kind {
	case "guid", "identity":
		if n%5 == 1 && kind == "identity" {
			return fmt.Sprintf("teamsvisitor:%032x", uint64(n)*0x9E3779B97F4A7C15)
		}
		if n%5 == 2 && kind == "identity" {
			return fmt.Sprintf("+4930%09d", n)
		}
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[:], uint64(n)*0x9E3779B97F4A7C15)
		binary.BigEndian.PutUint64(id[8:], uint64(n)*0xC2B2AE3D27D4EB4F)
		return strings.ToUpper(id.String())
	case "number":
		return fmt.Sprintf("+4930%09d", n)
	case "address":
		return fmt.Sprintf("10.%d.%d.%d", 100+(n>>16&127), n>>8&255, 1+n%255)
	case "address6":
		return fmt.Sprintf("2001:db8:%x::%x:%x", n>>16, 0xbeef, n&0xffff|1)
	case "hardware":
		return fmt.Sprintf("00-00-5E-%02X-%02X-%02X", n>>16&255, n>>8&255, 1+n%255)
	}
	return fmt.Sprintf("Anna Canary %d", n)
}

func parse(t *testing.T, text []byte) mapping.Value {
	t.Helper()
	var doc mapping.Document
	if err := doc.Parse(text); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// stored is all that a batch holds to be stored.
func stored(b *mapping.Batch) []byte {
	var all bytes.Buffer
	for i, e := range b.Elements {
		for table := range b.Model.Tables {
			for row := range b.Rows(i, table) {
				all.Write(row)
			}
		}
		all.WriteString(e.Key)
		all.Write(b.Raw(i))
	}
	for _, r := range b.Rejects {
		all.Write(r.Raw)
		all.WriteString(r.Key + r.Reason)
	}
	return all.Bytes()
}

// One person is one pseudonym wherever Graph names them, however it spells the id. Types hold.
func TestJoinsHold(t *testing.T) {
	t.Parallel()
	const id = "0E7C4A52-5D1F-4B6E-9D39-6F2D9A3C1B01"
	served := map[string]string{
		"pstn_calls": `{"id": "1", "userId": "` + id + `", "callerNumber": "+4930123456", "calleeNumber": "4930123456",
			"clientLocalIpV4Address": "10.1.2.3", "administrativeUnitInfos": [{"id": "` + id + `"}]}`,
		"call_records": `{"id": "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b02", "version": 1,
			"organizer_v2": {"id": "` + strings.ToLower(id) + `", "identity": {"phone": null,
				"user": {"id": "` + id + `", "displayName": "+49 (30) 123456"}}},
			"participants_v2": [{"id": "+4930123456"}], "sessions": [{"segments": [{"media": [
				{"callerNetwork": {"ipAddress": "10.1.2.3", "subnet": "10.1.2.3/24"}}]}]}]}`,
	}
	var ids, numbers, addresses []string
	for _, e := range fetch.Endpoints {
		document, ok := served[e.Name]
		if !ok {
			continue
		}
		b := e.Rows.NewBatch()
		b.Redactor = policy(t, policies["pseudonyms"]...).Redactor(e.Rows)
		b.Append(parse(t, []byte(document)), at)
		_, err := privacytest.Change(b.Raw(0), func(kind, value string) string {
			switch {
			case strings.HasPrefix(value, "fd"):
				addresses = append(addresses, value)
			case kind == "guid", kind == "identity" && !strings.Contains(value, "x"):
				ids = append(ids, value)
			default:
				numbers = append(numbers, strings.TrimPrefix(value, "+"))
			}
			return value
		})
		if err != nil {
			t.Fatal(err)
		}
		if b.Misfits+b.Unknown > 0 {
			t.Errorf("%s: %d misfits, %d unknown", e.Name, b.Misfits, b.Unknown)
		}
	}
	wantOne(t, ids, 4)
	wantOne(t, numbers, 4)
	wantOne(t, addresses, 3)
	if parsed, err := uuid.Parse(ids[0]); err != nil || parsed.Version() != 8 || parsed.Variant() != uuid.RFC4122 {
		t.Errorf("%s is no GUID of version 8: %v", ids[0], err)
	}
	if addr, err := netip.ParseAddr(addresses[0]); err != nil || !addr.IsPrivate() {
		t.Errorf("%s is no address of a private network: %v", addresses[0], err)
	}
	if !strings.HasPrefix(numbers[0], "49x") {
		t.Errorf("%s does not begin with the country's code", numbers[0])
	}
}

func wantOne(t *testing.T, list []string, n int) {
	t.Helper()
	for _, v := range list {
		if v != list[0] || len(list) != n {
			t.Fatalf("not %d times the same: %q", n, list)
		}
	}
}
