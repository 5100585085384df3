package scheduletest

import (
	"encoding/json"
	"fmt"
	"time"

	"ingestd/internal/graphsim"
)

// RecordsConfig is a World of call records and nothing else.
func RecordsConfig(records ...graphsim.CallRecord) Config {
	return Config{Endpoints: []string{"call_records"}, Graph: graphsim.Config{CallsPerDay: -1, Records: records}}
}

// RecordID is the id of a call record made by Record.
func RecordID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// RecordStart is when the nth call began.
func RecordStart(n int) time.Time {
	return time.Date(2026, 6, 12, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
}

// Record is a version of the nth call record, with so many sessions and participants.
func Record(n int, version int64, sessions, participants int) graphsim.CallRecord {
	type object = map[string]any
	start := RecordStart(n)
	document := object{
		"id": RecordID(n), "version": version, "type": "groupCall", "modalities": []string{"audio"},
		"startDateTime": start, "endDateTime": start.Add(time.Minute), "lastModifiedDateTime": start.Add(time.Hour),
	}
	sessionList, participantList := []object{}, []object{}
	for i := range sessions {
		streams := []object{{"streamId": fmt.Sprint(i)}}
		sessionList = append(sessionList, object{
			"id": RecordID(i), "startDateTime": start, "failureInfo": object{"reason": fmt.Sprint("version ", version)},
			"segments": []object{{"id": RecordID(i), "media": []object{{"label": "main-audio", "streams": streams}}}},
		})
	}
	for i := range participants {
		identity := object{"user": object{"id": RecordID(i)}, "phone": nil}
		participantList = append(participantList, object{"id": RecordID(i), "identity": identity})
	}
	document["sessions"], document["participants_v2"] = sessionList, participantList
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return graphsim.CallRecord{Start: start, JSON: text}
}

// Records are the first n call records, each with two sessions and two participants.
func Records(n int) (records []graphsim.CallRecord) {
	for i := range n {
		records = append(records, Record(i, 1, 2, 2))
	}
	return records
}

func idOf(document []byte) string {
	var d struct{ ID string }
	if err := json.Unmarshal(document, &d); err != nil {
		panic(err)
	}
	return d.ID
}
