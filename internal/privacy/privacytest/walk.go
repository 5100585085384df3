// Package privacytest knows what of Graph's documents is personal data by the names that Graph gives it, apart from
// what the product says of its columns.
package privacytest

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
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

// Values are the personal data in documents that stands nowhere else in them.
func Values(documents ...[]byte) (values []string, err error) {
	var others []byte
	seen := map[string]bool{}
	for _, document := range documents {
		rest, err := Change(document, func(_, value string) string {
			if !seen[value] {
				values = append(values, value)
			}
			seen[value] = true
			return ""
		})
		if err != nil {
			return nil, err
		}
		others = append(others, rest...)
	}
	for _, value := range Found(others, values) {
		delete(seen, value)
	}
	return slices.DeleteFunc(values, func(v string) bool { return !seen[v] }), nil
}

// Found returns those of some values that stand in stored bytes, as text in whatever case or as PostgreSQL has a uuid
// or an address. Values too short to tell anybody are passed over.
func Found(stored []byte, values []string) (found []string) {
	texts, binaries := needles{}, needles{}
	for _, v := range values {
		texts.add(v, []byte(strings.TrimRight(strings.TrimPrefix(strings.ToLower(v), "+"), "*")))
		binaries.add(v, inBinary(v))
	}
	hits := map[string]bool{}
	texts.find(bytes.ToLower(stored), hits)
	binaries.find(stored, hits)
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !hits[v] })
}

// needles are values and what to look for, by its first bytes.
type needles map[[5]byte][]needle

type needle struct {
	value string
	text  []byte
}

func (n needles) add(value string, text []byte) {
	if len(text) >= 5 {
		n[[5]byte(text)] = append(n[[5]byte(text)], needle{value, text})
	}
}

func (n needles) find(text []byte, hits map[string]bool) {
	for ; len(text) >= 5; text = text[1:] {
		for _, needle := range n[[5]byte(text)] {
			if bytes.HasPrefix(text, needle.text) {
				hits[needle.value] = true
			}
		}
	}
}

// inBinary is a value as PostgreSQL sends it; nil if it is text there.
func inBinary(value string) []byte {
	if id, err := uuid.Parse(value); err == nil {
		return id[:]
	}
	addr, err := netip.ParseAddr(value)
	if err != nil {
		return nil
	}
	family := byte(2)
	if addr.Is6() {
		family = 3
	}
	return append([]byte{family, byte(addr.BitLen()), 0, byte(addr.BitLen() / 8)}, addr.AsSlice()...)
}
