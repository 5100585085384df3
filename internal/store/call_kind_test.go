package store_test

import (
	"encoding/json"
	"testing"

	"ingestd/internal/store/storetest"
)

// A call's kind is stored with its details, and the migration finds the same for
// details stored before it.
func TestCallKind(t *testing.T) {
	storetest.NotHashed(t, "it migrates")
	t.Parallel()
	url := storetest.URL(t)
	conn, d := storetest.Conn(t, url), newDaemon(t, url)
	service := func(role any) object {
		return object{
			"@odata.type": "#microsoft.graph.callRecords.serviceEndpoint",
			"userAgent":   object{"@odata.type": "#microsoft.graph.callRecords.serviceUserAgent", "role": role},
		}
	}
	person := object{"@odata.type": "#microsoft.graph.callRecords.participantEndpoint"}
	one := func(callee object) []object { return []object{{"id": call, "caller": person, "callee": callee}} }
	cases := []struct {
		name, callType string
		sessions       []object
		want           string
	}{
		{"said to be a group call", "groupCall", one(person), "group"},
		{"said in another case", "PeerToPeer", append(one(person), one(person)...), "p2p"},
		{"two people", "unknown", one(person), "p2p"},
		{"no sessions", "unknown", nil, "p2p"},
		{"several sessions", "unknown", append(one(person), one(person)...), "group"},
		{"a phone", "unknown", one(service("mediationServer")), "p2p"},
		{"a phone in the cloud", "unknown", one(service("mediationServerCloudConnectorEdition")), "p2p"},
		{"a gateway in another case", "unknownFutureValue", one(service("GATEWAY")), "p2p"},
		{"a queue", "unknown", one(service("skypeForBusinessCallQueues")), "group"},
		{"a service without a role", "unknown", one(service(nil)), "group"},
	}
	for n, c := range cases {
		document, _ := json.Marshal(object{
			"id": idOf(n), "version": 1, "type": c.callType, "startDateTime": "2026-03-01T10:00:00Z",
			"sessions": c.sessions, "participants_v2": []object{},
		})
		results := d.db.SaveDetails(t.Context(), d.run, d.target, recordBatches(t, string(document)))
		if results[0] != nil {
			t.Fatal(results[0])
		}
	}
	if err := d.announce(t.Context(), recordBatch(t, recordOf(len(cases), 1))); err != nil {
		t.Fatal(err)
	}
	held := func(when string) {
		t.Helper()
		for n, c := range cases {
			got := storetest.Query[string](t, conn, `SELECT call_kind FROM teams.call_records WHERE id = $1`, idOf(n))
			if got != c.want {
				t.Errorf("%s, %s: %s, want %s", when, c.name, got, c.want)
			}
		}
		if storetest.Query[int](t, conn, `SELECT count(call_kind) FROM teams.call_records`) != len(cases) {
			t.Errorf("%s: a record without details has a kind", when)
		}
	}
	held("stored")
	_, newest, err := d.db.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.db.MigrateDown(t.Context(), int(newest)-8); err != nil {
		t.Fatal(err)
	}
	if err := d.db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	held("migrated")
}
