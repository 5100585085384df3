package graphsim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CallRecord is a version of a call record that is served byte for byte,
// whatever it holds. Several with the same id are versions of one record: the
// newest that is available is served.
type CallRecord struct {
	Start     time.Time // what $filter and the 30 days apply to
	Available time.Time // from then on it is listed and can be read
	JSON      []byte    // one object: the record with its sessions, their segments and participants_v2
}

// givenRecord are the versions of a record, available last comes last.
type givenRecord []*givenVersion

// givenVersion is a CallRecord taken apart. The header is all that does not
// belong to a relationship or to the answer around the record.
type givenVersion struct {
	name             string
	start, available int64
	json             []byte
	header           []byte
	related          map[string]relation
}

func givenRecords(records []CallRecord) (map[string]givenRecord, error) {
	given := make(map[string]givenRecord)
	for i, record := range records {
		v, err := newGivenVersion(record)
		if err != nil {
			return nil, fmt.Errorf("graphsim: call record %d: %w", i, err)
		}
		key := strings.ToLower(v.name) // a GUID is the same in either case
		given[key] = append(given[key], v)
	}
	for _, g := range given {
		slices.SortStableFunc(g, func(a, b *givenVersion) int { return cmp.Compare(a.available, b.available) })
	}
	return given, nil
}

func newGivenVersion(r CallRecord) (*givenVersion, error) {
	v := &givenVersion{start: ticks(r.Start), available: ticks(r.Available), json: r.JSON,
		related: map[string]relation{sessions: {absent: true}, participants: {absent: true}}}
	list, err := membersOf(r.JSON)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		of, _, annotation := strings.Cut(m.name, "@")
		_, related := v.related[of]
		switch {
		case related && !annotation:
			v.related[of] = newRelation(m.value)
		case related || m.name == "@odata.context": // is the answer's, which writes its own
		default:
			v.header = append(append(v.header, ','), m.text...)
		}
		if m.name == "id" {
			_ = json.Unmarshal(m.value, &v.name) // checked next
		}
	}
	if v.name == "" {
		return nil, errors.New("no id")
	}
	v.header = bytes.TrimPrefix(v.header, []byte(","))
	return v, nil
}

func newRelation(value json.RawMessage) relation {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil || list == nil {
		return relation{verbatim: value}
	}
	return relation{size: len(list), element: func(dst []byte, i int, expanded bool) []byte {
		if expanded {
			return append(dst, list[i]...)
		}
		return append(dst, without(list[i], "segments")...)
	}}
}

func (g givenRecord) version(m moment) *givenVersion {
	for _, v := range slices.Backward(g) {
		if v.available <= m.now {
			return v
		}
	}
	return nil
}

func (v *givenVersion) id() string        { return v.name }
func (v *givenVersion) startTicks() int64 { return v.start }

func (v *givenVersion) has(participant string) bool {
	people := v.related[participants]
	for i := range people.size {
		var p struct{ ID string }
		if json.Unmarshal(people.element(nil, i, true), &p) == nil && strings.EqualFold(p.ID, participant) {
			return true
		}
	}
	return false
}

func (v *givenVersion) appendHeader(dst []byte, _ string) []byte { return append(dst, v.header...) }

func (v *givenVersion) relation(name string) relation { return v.related[name] }
