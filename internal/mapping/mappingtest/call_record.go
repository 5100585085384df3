package mappingtest

import (
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// CallRecord generates the JSON text of a call record and its whole tree, as one document: mostly of few sessions and
// participants, now and then of more than Graph puts on a page, with ids that repeat. Half of the documents are as
// Graph may serve them. In the others any member may be of a wrong type or hold text that no database can, and any
// object may hold members nobody declared. The id and the version always fit.
func CallRecord(properties []Property) *rapid.Generator[string] {
	return rapid.OneOf(newCallRecords(properties, false).record(), newCallRecords(properties, true).record())
}

// callRecords generates the parts of call records.
type callRecords struct {
	properties map[string][]Property // by type
	wild       bool
}

func newCallRecords(properties []Property, wild bool) callRecords {
	c := callRecords{map[string][]Property{}, wild}
	for _, p := range properties {
		c.properties[p.Type] = append(c.properties[p.Type], p)
	}
	return c
}

func (c callRecords) record() *rapid.Generator[string] {
	return c.object("callRecord", map[string]*rapid.Generator[string]{
		"id":              keyValue("Edm.String"),
		"version":         rapid.Map(rapid.IntRange(1, 9), strconv.Itoa),
		"sessions":        c.member(repeated(c.object("session", nil), SessionsPerPage)),
		"participants_v2": c.member(repeated(c.object("participant", nil), ParticipantsPerPage)),
	})
}

// repeated generates arrays of few elements, or of pages of them, of which a few differ.
func repeated(element *rapid.Generator[string], page int) *rapid.Generator[string] {
	few, many := rapid.IntRange(0, 3), rapid.SampledFrom([]int{page + 1, 2*page + 30, page, page - 1, 2 * page})
	count := rapid.OneOf(few, few, few, few, few, few, few, few, many)
	return rapid.Custom(func(t *rapid.T) string {
		different := rapid.SliceOfN(element, 1, 3).Draw(t, "different")
		elements := make([]string, count.Draw(t, "count"))
		for i := range elements {
			elements[i] = different[i%len(different)]
		}
		return array(elements)
	})
}

// object generates an object of a type. own are generators of members whose type does not say enough.
func (c callRecords) object(typ string, own map[string]*rapid.Generator[string]) *rapid.Generator[string] {
	members := make([]*rapid.Generator[string], len(c.properties[typ]))
	for i, p := range c.properties[typ] {
		members[i] = own[p.Name]
		if members[i] == nil {
			members[i] = c.member(c.value(p))
		}
	}
	return rapid.Custom(func(t *rapid.T) string {
		var served []string
		for i, p := range c.properties[typ] {
			if value := members[i].Draw(t, p.Name); value != "" {
				served = append(served, quoted(p.Name)+": "+value)
			}
		}
		return c.write(t, typ, served)
	})
}

// write puts members in any order, with the object's type and unknown members.
func (c callRecords) write(t *rapid.T, typ string, members []string) string {
	if c.wild {
		members = append(members, rapid.SliceOfN(unknownMember(), 0, 2).Draw(t, "unknown")...)
	}
	if written := odataType(typ).Draw(t, "type"); written != "" {
		members = append(members, `"@odata.type": `+written)
	}
	return "{" + strings.Join(distinct(rapid.Permutation(members).Draw(t, "order")), ", ") + "}"
}

// member generates what may stand where a member is expected, "" for none.
func (c callRecords) member(fits *rapid.Generator[string]) *rapid.Generator[string] {
	if c.wild {
		return odd(fits)
	}
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 9).Draw(t, "case") {
		case 0:
			return ""
		case 1:
			return "null"
		}
		return fits.Draw(t, "value")
	})
}

// value generates what fits a property.
func (c callRecords) value(p Property) *rapid.Generator[string] {
	if fits := byName[p.Name]; fits != nil {
		return fits
	}
	element, collection := strings.CutPrefix(strings.TrimSuffix(p.Edm, ")"), "Collection(")
	fits := c.ofType(element)
	if collection {
		return rapid.Map(rapid.SliceOfN(fits, 0, 3), array)
	}
	return fits
}

func (c callRecords) ofType(typ string) *rapid.Generator[string] {
	switch typ {
	case "endpoint":
		return rapid.OneOf(c.object("participantEndpoint", nil), c.object("participantEndpoint", nil),
			c.object("serviceEndpoint", nil))
	case "userAgent":
		return rapid.OneOf(c.object("clientUserAgent", nil), c.object("serviceUserAgent", nil))
	case "communicationsIdentitySet", "identitySet":
		return c.identitySet(typ)
	}
	if c.properties[typ] != nil {
		return c.object(typ, nil)
	}
	if !strings.HasPrefix(typ, "Edm.") {
		return rapid.Map(rapid.SampledFrom([]string{"unknown", "wifi", "peerToPeer", "Windows", "unknownFutureValue",
			"brandNew"}), quoted)
	}
	return fitting(typ)
}

// identitySet generates the sets that are seen: one identity and every other name with null or left out; and those that
// should not be.
func (c callRecords) identitySet(typ string) *rapid.Generator[string] {
	var names []string
	for _, p := range c.properties[typ] {
		if p.Edm == "identity" {
			names = append(names, p.Name)
		}
	}
	identity := c.object("identity", nil)
	return rapid.Custom(func(t *rapid.T) string {
		var members []string
		count := rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 0, 2}).Draw(t, "identities")
		for i, name := range rapid.Permutation(names).Draw(t, "names") {
			if i < count {
				members = append(members, quoted(name)+": "+identity.Draw(t, name))
			} else if rapid.Bool().Draw(t, "null") {
				members = append(members, quoted(name)+": null")
			}
		}
		if kind := c.member(c.ofType("endpointType")).Draw(t, "endpointType"); kind != "" && typ != "identitySet" {
			members = append(members, `"endpointType": `+kind)
		}
		return c.write(t, typ, members)
	})
}

// odataType generates the ways to write an object's type, "" for none. The types of identities are their own.
func odataType(typ string) *rapid.Generator[string] {
	names := []string{typ}
	if typ == "identity" {
		names = []string{
			"microsoft.graph.identity", "microsoft.graph.userIdentity", "microsoft.graph.callRecords.userIdentity",
			"microsoft.graph.communicationsUserIdentity", "microsoft.graph.communicationsApplicationIdentity",
			"microsoft.graph.communicationsApplicationInstanceIdentity",
			"microsoft.graph.communicationsGuestIdentity", "microsoft.graph.communicationsPhoneIdentity",
			"microsoft.graph.communicationsEncryptedIdentity", "microsoft.graph.azureCommunicationServicesUserIdentity",
		}
	} else {
		names[0] = "microsoft.graph.callRecords." + typ
	}
	return rapid.Custom(func(t *rapid.T) string {
		name := rapid.SampledFrom(names).Draw(t, "name")
		forms := []string{"", quoted(name), quoted("#" + name), quoted("#" + strings.ToUpper(name))}
		return rapid.SampledFrom(forms).Draw(t, "form")
	})
}

// byName are members whose values have a form that their type does not tell.
var byName = map[string]*rapid.Generator[string]{
	"id":                 identityID,
	"tenantId":           aGUID,
	"azureADAppId":       aGUID,
	"ipAddress":          anAddress,
	"reflexiveIPAddress": anAddress,
	"relayIPAddress":     anAddress,
	"linkSpeed":          rapid.SampledFrom([]string{"4294967295", "54000000", `"1000000000"`, "9223372036854775807"}),
}

var (
	aGUID = rapid.Map(rapid.StringMatching(
		`[0-9A-Fa-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), quoted)
	identityID = rapid.OneOf(aGUID, aGUID, rapid.Map(rapid.StringMatching(
		`teamsvisitor:[0-9a-f]{32}|\+[1-9][0-9]{7,12}\*{0,3}|28:[0-9a-f]{12}|8:acs:[0-9a-f]{8}_[0-9a-f]{8}`), quoted))
	anAddress = rapid.Map(
		rapid.StringMatching(`10\.[0-9]{1,2}\.1[0-9]{2}\.[1-9]|2001:[dD][bB]8::[1-9a-f]{1,4}`),
		quoted,
	)
)
