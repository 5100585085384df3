package mappingtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// How many elements Graph puts on a page.
const (
	SessionsPerPage     = 60
	ParticipantsPerPage = 130
)

// Parts are the bodies in which Graph serves one call record.
type Parts struct {
	// Record is the record with its first page of sessions, as asked for with $expand=sessions($expand=segments), but
	// without participants_v2.
	Record []byte
	// Sessions are the further pages of sessions, and Participants the pages of participants_v2, the first included.
	Sessions, Participants [][]byte
}

// Cut cuts a call record, given as one document, into parts of at most so many elements; url is the record's and begins
// every nextLink. An array that holds anything but objects stays in the record, whole, and one that is not there makes
// no page.
func Cut(document []byte, url string, sessions, participants int) (Parts, error) {
	var record map[string]json.RawMessage
	if err := json.Unmarshal(document, &record); err != nil {
		return Parts{}, err
	}
	var parts Parts
	if list, ok := objects(record["participants_v2"]); ok {
		delete(record, "participants_v2")
		chunks := slices.Collect(slices.Chunk(list, participants))
		if len(chunks) == 0 {
			chunks = append(chunks, nil)
		}
		parts.Participants = pages(chunks, 0, participants, url+"/participants_v2?$skiptoken=")
	}
	if list, ok := objects(record["sessions"]); ok && len(list) > sessions {
		link := url + "/sessions?$expand=segments&$skiptoken="
		record["sessions"] = fmt.Appendf(nil, "[%s]", join(list[:sessions]))
		record["sessions@odata.nextLink"] = fmt.Appendf(nil, "%q", fmt.Sprint(link, sessions))
		parts.Sessions = pages(slices.Collect(slices.Chunk(list[sessions:], sessions)), sessions, sessions, link)
	}
	var members []string
	for _, name := range slices.Sorted(maps.Keys(record)) {
		members = append(members, quoted(name)+": "+string(record[name]))
	}
	parts.Record = []byte("{" + strings.Join(members, ", ") + "}")
	return parts, nil
}

func objects(array json.RawMessage) ([]json.RawMessage, bool) {
	var list []json.RawMessage
	if len(array) == 0 || array[0] != '[' || json.Unmarshal(array, &list) != nil {
		return nil, false
	}
	return list, !slices.ContainsFunc(list, func(e json.RawMessage) bool { return e[0] != '{' })
}

// pages writes pages; each but the last has a link to the next one, which ends with the place of that page's first
// element.
func pages(chunks [][]json.RawMessage, first, size int, link string) [][]byte {
	var list [][]byte
	for i, chunk := range chunks {
		next := ""
		if i < len(chunks)-1 {
			next = fmt.Sprintf(`"@odata.nextLink": %q, `, fmt.Sprint(link, first+(i+1)*size))
		}
		list = append(list, fmt.Appendf(nil, `{%s"value": [%s]}`, next, join(chunk)))
	}
	return list
}

func join(list []json.RawMessage) string {
	texts := make([]string, len(list))
	for i, element := range list {
		texts[i] = string(element)
	}
	return strings.Join(texts, ", ")
}
