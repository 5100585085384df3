package fetch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/mapping"
)

// derivedOf stores a record with one session and one participant and returns
// a column of the first row of a table.
func derivedOf(t *testing.T, table, column, caller, identity string) string {
	t.Helper()
	b := callRecordRows.NewBatch()
	b.Append(parse(t, fmt.Appendf(nil, `{"id": "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01", "version": 1,
		"organizer_v2": {"identity": %[2]s}, "participants_v2": [{"identity": %[2]s}],
		"sessions": [{"caller": %[1]s, "segments": [{"caller": %[1]s}]}]}`, caller, identity)), time.Unix(0, 0))
	for i, layout := range callRecordRows.Tables {
		c := slices.Index(layout.ColumnNames(), column)
		if layout.Name != table || c < 0 {
			continue
		}
		value := rows(b)[i][0][c]
		if id, err := uuid.FromBytes(value); err == nil && layout.Columns[c].Type.OID == mapping.UUID.OID {
			return id.String()
		}
		return string(value)
	}
	t.Fatalf("no column %s.%s", table, column)
	return ""
}

func TestEndpointType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, endpoint, want string }{
		{"participant", `{"@odata.type": "#microsoft.graph.callRecords.participantEndpoint"}`, "participant"},
		{"service", `{"@odata.type": "#microsoft.graph.callRecords.serviceEndpoint"}`, "service"},
		{"without #", `{"@odata.type": "microsoft.graph.callRecords.serviceEndpoint"}`, "service"},
		{"other letter case", `{"@odata.type": "#Microsoft.Graph.CallRecords.ParticipantEndpoint"}`, "participant"},
		{"type without a namespace", `{"@odata.type": "serviceEndpoint"}`, "service"},
		{
			"type wins over members", `{"name": "PC", "@odata.type": "#microsoft.graph.callRecords.serviceEndpoint"}`,
			"service",
		},
		{"base type", `{"@odata.type": "#microsoft.graph.callRecords.endpoint", "name": "PC"}`, "other"},
		{"new type", `{"@odata.type": "#microsoft.graph.callRecords.robotEndpoint"}`, "other"},
		{"type ends with a dot", `{"@odata.type": "#microsoft.graph.", "name": "PC"}`, "participant"},
		{"no type, identity", `{"associatedIdentity": {}}`, "participant"},
		{"no type, old identity", `{"identity": {"user": null}}`, "participant"},
		{"no type, name", `{"name": "PC"}`, "participant"},
		{"no type, processor", `{"cpuName": "CPU"}`, "participant"},
		{"no type, feedback", `{"feedback": {"rating": "good"}}`, "participant"},
		{"no type, members without values", `{"name": "", "cpuName": null, "userAgent": {"role": "gateway"}}`, "other"},
		{"type is no text", `{"@odata.type": 7, "name": "PC"}`, "participant"},
		{"nothing", `{}`, "other"},
		{"no object", `7`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, table := range []string{"session_endpoints", "segment_endpoints"} {
				if got := derivedOf(t, table, "endpoint_type", tt.endpoint, "null"); got != tt.want {
					t.Errorf("%s.endpoint_type = %q, want %q", table, got, tt.want)
				}
			}
		})
	}
}

func TestIdentityOfEndpoints(t *testing.T) {
	t.Parallel()
	const id, upper = "7f0a3c52-1d2e-4f7b-8a55-52d1b8b00001", "7F0A3C52-1D2E-4F7B-8A55-52D1B8B00001"
	for _, tt := range []struct{ name, identity, kind, user string }{
		{"user by id", `{"id": "` + id + `"}`, "user", id},
		{"user by id in upper case", `{"id": "` + upper + `"}`, "user", id},
		{
			"user by type", `{"@odata.type": "#microsoft.graph.callRecords.userIdentity", "id": "` + id + `"}`,
			"user", id,
		},
		{
			"user by other type", `{"@odata.type": "microsoft.graph.communicationsUserIdentity", "id": "` + id + `"}`,
			"user", id,
		},
		{"guest by id", `{"id": "teamsvisitor:4c7f0e1d2c3b4a59687796a5b4c3d2e1"}`, "guest", ""},
		{
			"guest by type", `{"@odata.type": "#microsoft.graph.communicationsGuestIdentity", "id": "` + id + `"}`,
			"guest", "",
		},
		{
			"guest under the type of users",
			`{"@odata.type": "#microsoft.graph.userIdentity", "id": "teamsvisitor:4c7f0e1d2c3b4a59687796a5b4c3d2e1"}`,
			"user", "",
		},
		{"phone by id", `{"id": "+4930123****"}`, "phone", ""},
		{"phone by type", `{"@odata.type": "#Microsoft.Graph.CommunicationsPhoneIdentity", "id": "4930"}`, "phone", ""},
		{
			"application by type",
			`{"@odata.type": "#microsoft.graph.communicationsApplicationIdentity", "id": "` + id + `"}`,
			"application", "",
		},
		{
			"bot by type",
			`{"@odata.type": "#microsoft.graph.communicationsApplicationInstanceIdentity", "id": "` + id + `"}`,
			"applicationInstance", "",
		},
		{
			"encrypted by type", `{"@odata.type": "#microsoft.graph.communicationsEncryptedIdentity", "id": "x"}`,
			"encrypted", "",
		},
		{
			"communication services by type",
			`{"@odata.type": "#microsoft.graph.azureCommunicationServicesUserIdentity", "id": "8:acs:x"}`,
			"azureCommunicationServicesUser", "",
		},
		{"type that does not tell", `{"@odata.type": "#microsoft.graph.identity", "id": "` + id + `"}`, "user", id},
		{"id that does not tell", `{"id": "8:acs:x"}`, "", ""},
		{"nearly a GUID", `{"id": "7f0a3c52-1d2e-4f7b-8a55-52d1b8b0000g"}`, "", ""},
		{"GUID without dashes", `{"id": "7f0a3c521d2e4f7b8a5552d1b8b00001"}`, "", ""},
		{"no id", `{"displayName": "x"}`, "", ""},
		{"no text", `{"id": 7}`, "", ""},
		{"nothing", `null`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			endpoint := `{"associatedIdentity": ` + tt.identity + `}`
			kind := derivedOf(t, "session_endpoints", "identity_kind", endpoint, "null")
			user := derivedOf(t, "session_endpoints", "user_id", endpoint, "null")
			if kind != tt.kind || user != tt.user {
				t.Errorf("kind %q, user %q, want %q and %q", kind, user, tt.kind, tt.user)
			}
		})
	}
}

func TestIdentityOfParticipants(t *testing.T) {
	t.Parallel()
	const id = "7f0a3c52-1d2e-4f7b-8a55-52d1b8b00001"
	for _, tt := range []struct{ name, identity, kind, user string }{
		{"user", `{"phone": null, "user": {"id": "` + id + `"}, "device": null}`, "user", id},
		{"guest", `{"user": {"id": "teamsvisitor:4c7f0e1d2c3b4a59687796a5b4c3d2e1"}}`, "user", ""},
		{"phone", `{"phone": {"id": "+4930123"}}`, "phone", ""},
		{"application with a GUID", `{"application": {"id": "` + id + `"}}`, "application", ""},
		{"undeclared name", `{"spoolApplicationInstance": {"id": "` + id + `"}}`, "spoolApplicationInstance", ""},
		{"endpointType is no kind", `{"endpointType": "voicemail", "user": {"id": "` + id + `"}}`, "user", id},
		{"user and phone", `{"user": {"id": "` + id + `"}, "phone": {"id": "+4930123"}}`, "", ""},
		{"user is no object", `{"user": "` + id + `", "phone": {"id": "+4930123"}}`, "phone", ""},
		{"none", `{"user": null}`, "", ""},
		{"no set", `null`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for table, prefix := range map[string]string{"call_participants": "", "call_records": "organizer_"} {
				kind, user := derivedOf(
					t,
					table,
					prefix+"identity_kind",
					"null",
					tt.identity,
				), derivedOf(
					t,
					table,
					prefix+"user_id",
					"null",
					tt.identity,
				)
				if kind != tt.kind || user != tt.user {
					t.Errorf("%s: kind %q, user %q, want %q and %q", table, kind, user, tt.kind, tt.user)
				}
			}
		})
	}
}
