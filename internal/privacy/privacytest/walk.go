// Package privacytest knows what of Graph's documents is personal data by the names that Graph gives it, apart from
// what the product says of its columns.
package privacytest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// kinds of personal data by the name of the member that holds it. Identities have an id each, so has much else.
var kinds = map[string]string{
	"userId": "guid", "userPrincipalName": "name", "userDisplayName": "name", "displayName": "name",
	"callerNumber": "number", "calleeNumber": "number", "sourceNumber": "number", "destinationNumber": "number",
	"userTelephoneNumber": "number", "communicationServiceId": "guid",
	"ipAddress": "address", "reflexiveIPAddress": "address", "relayIPAddress": "address", "subnet": "address",
	"clientLocalIpV4Address": "address", "clientPublicIpV4Address": "address",
	"clientLocalIpV6Address": "address6", "clientPublicIpV6Address": "address6",
	"basicServiceSetIdentifier": "hardware", "macAddress": "hardware", "dnsSuffix": "name", "name": "name",
	"joinWebUrl": "text", "text": "text",
}

// withID are members that are people and the like, or hold them.
var withID = regexp.MustCompile(`^(user|guest|phone|encrypted|application\w*|associatedIdentity|organizer_v2|` +
	`participants_v2|administrativeUnitInfos|acs\w*|spool\w*)$`)

// Change returns a document in which visit has replaced all that is personal data.
func Change(document []byte, visit func(kind, value string) string) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var root any
	if err := dec.Decode(&root); err != nil {
		return nil, err
	}
	return json.Marshal(change("", "", root, visit))
}

func change(around, name string, v any, visit func(kind, value string) string) any {
	switch v := v.(type) {
	case map[string]any:
		for member, value := range v {
			v[member] = change(name, member, value, visit)
		}
	case []any:
		for i, element := range v {
			v[i] = change(around, name, element, visit)
		}
	case string:
		kind := kinds[name]
		if name == "id" && withID.MatchString(around) {
			kind = "identity"
		}
		if kind != "" && v != "" {
			return visit(kind, v)
		}
	}
	return v
}

// Values are the personal data in documents.
func Values(documents ...[]byte) (values []string, err error) {
	seen := map[string]bool{}
	for _, document := range documents {
		_, err := Change(document, func(_, value string) string {
			if !seen[value] {
				values = append(values, value)
			}
			seen[value] = true
			return value
		})
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Found returns those of some values that stand in stored bytes, as text in whatever case or as PostgreSQL's uuid.
// Values too short to tell anybody are passed over.
func Found(stored []byte, values []string) (found []string) {
	text := bytes.ToLower(stored)
	for _, v := range values {
		plain := strings.TrimRight(strings.TrimPrefix(strings.ToLower(v), "+"), "*")
		id, err := uuid.Parse(v)
		if len(plain) >= 5 && bytes.Contains(text, []byte(plain)) || err == nil && bytes.Contains(stored, id[:]) {
			found = append(found, v)
		}
	}
	return found
}
