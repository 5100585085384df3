package store

import (
	"slices"
	"strings"

	"ingestd/internal/mapping"
)

// kindColumns are the columns that tell the kind of a call, by their places.
type kindColumns struct {
	callType                  int // of a header
	endpoints                 int // the table
	endpointType, serviceRole int
}

func newKindColumns(m *mapping.Model) kindColumns {
	endpoints := slices.IndexFunc(m.Tables, func(t *mapping.Layout) bool { return t.Name == "session_endpoints" })
	columns := m.Tables[endpoints].ColumnNames()
	return kindColumns{
		callType:     slices.Index(m.Tables[0].ColumnNames(), "type"),
		endpoints:    endpoints,
		endpointType: slices.Index(columns, "endpoint_type"),
		serviceRole:  slices.Index(columns, "service_role"),
	}
}

// lines are the services that the other side of a phone call of one person is.
var lines = []string{"mediationserver", "mediationservercloudconnectoredition", "gateway"}

// kind is group or p2p. Where Graph says neither, a call of several sessions is a
// group call, and one with a service that is no line of a phone.
func (k kindColumns) kind(record *mapping.Batch, sessions int) string {
	switch strings.ToLower(string(record.Field(0, k.callType))) {
	case "groupcall":
		return "group"
	case "peertopeer":
		return "p2p"
	}
	if sessions > 1 || k.hasService(record) {
		return "group"
	}
	return "p2p"
}

func (k kindColumns) hasService(record *mapping.Batch) bool {
	for row := range record.Rows(0, k.endpoints) {
		fields := slices.Collect(mapping.Fields(row))
		role := strings.ToLower(string(fields[k.serviceRole]))
		if string(fields[k.endpointType]) == "service" && !slices.Contains(lines, role) {
			return true
		}
	}
	return false
}
