package store_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

// call is a call as it is served.
func (w *pruned) call(id, day, content int) string {
	return fmt.Sprintf(`{"id": "%d", "callType": "user_out", "currency": "EUR", "startDateTime": %q, "duration": %d,
		%s}`, id, w.at(day).Format(time.RFC3339), w.duration(id, content), caller(id))
}

// duration differs from answer to answer where calls are refused.
func (w *pruned) duration(id, content int) int {
	if id >= refused {
		return 100 + w.count
	}
	return content + id
}

// callOf is a call as it is read.
func (w *pruned) callOf(id, day, content int) prunedCall {
	return prunedCall{day, w.duration(id, content), w.read(callerOf(id), day)}
}

// stores has the model do what storing a call does, and reports whether that writes a row.
func (w *pruned) stores(id int, now prunedCall) bool {
	was, known := w.calls[id]
	isOld := now.Day < w.kept[calls.Name]
	if !isOld && was != now && w.refusing && id >= refused {
		w.raw[prunedRaw{now.Day, fmt.Sprint("user_out ", id, " ", now.Content), now.Of}] = true
		return false
	}
	if w.closed[id] = now.Content; isOld || was == now {
		return false
	}
	w.calls[id], w.noted[now.Day] = now, true
	if known {
		w.noted[was.Day] = true
	}
	return true
}

// saveCalls reads the days of calls.
func (w *pruned) saveCalls(days map[int]int, content int) {
	if len(days) == 0 {
		return
	}
	b := w.batch(calls.Rows, 0)
	w.served, w.count = w.served.Add(time.Minute), w.count+1
	reading := store.Reading{From: w.first, To: w.day(60), Slot: 24 * time.Hour, Pages: 1}
	written := int64(0)
	for id, day := range days {
		w.append(b, w.call(id, day, content))
		if w.stores(id, w.callOf(id, day, content)) {
			written++
		}
	}
	for _, day := range slices.Compact(slices.Sorted(maps.Values(days))) {
		reading.Read = append(reading.Read, w.slot(day, !w.slots[day])) // once settled it stays so
		w.slots[day] = true
	}
	counts, err := w.db.SaveRows(w.Context(), w.runs[calls.Name], target(w, calls), b, reading)
	w.must(err)
	if !w.halfway && counts.New+counts.Changed != written {
		w.fail("%+v, but %d were to be written", counts, written)
	}
}

func (w *pruned) slot(day int, settled bool) store.Slot {
	return store.Slot{From: w.day(day), To: w.day(day + 1), ReadAt: w.served, Settled: settled}
}

func (w *pruned) append(b *mapping.Batch, element string) {
	var doc mapping.Document
	w.must(doc.Parse([]byte(element)))
	b.Append(doc.Root(), w.served)
}

func (w *pruned) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// saveRaw reads a day with an element that can only be kept raw.
func (w *pruned) saveRaw(id, day int) {
	b := w.batch(calls.Rows, day+1)
	said := fmt.Sprintf("raw %d-%d", id, day)
	w.append(b, fmt.Sprintf(`{"callType": %q, %s}`, said, caller(id)))
	_, err := w.db.SaveRows(w.Context(), w.runs[calls.Name], target(w, calls), b, store.Reading{
		From: w.day(day), To: w.day(day + 1), Slot: 24 * time.Hour, Pages: 1,
	})
	w.must(err)
	w.everRaw[id] = day
	if day >= w.kept[calls.Name] {
		w.raw[prunedRaw{day, said, w.read(callerOf(id), day)}] = true
	}
}

// sum is what is served of a user's day.
func (w *pruned) sum(who, n int) string {
	return strings.NewReplacer("{", fmt.Sprintf(`{"userDisplayName": %q, "userPrincipalName": %q, `,
		userName(who), principal(who)), noUserIDs, userIDs).Replace(sums(who, n))
}

func (w *pruned) saveSums(day, n int) {
	b := w.batch(dialout.Rows, day+1)
	w.served = w.served.Add(time.Minute)
	for who := range n {
		w.append(b, w.sum(who, n))
	}
	_, err := w.db.ReplaceDay(w.Context(), w.runs[dialout.Name], target(w, dialout), b, w.slot(day, true), 1)
	w.must(err)
	w.everSums[day] = true
	w.replaces(day, n)
}

// replaces has the model do what replacing a day does.
func (w *pruned) replaces(day, n int) {
	if day < w.kept[dialout.Name] {
		return
	}
	now := map[int]personal{}
	for who := range n {
		now[who] = w.read(personal{User: userID(who)}, day)
		was, known := w.sums[day][who]
		w.rekeyed = w.rekeyed || known && was != now[who]
	}
	if !maps.Equal(w.sums[day], now) {
		w.gone["dialout_report delete"] += max(0, len(w.sums[day])-n) // as Graph names them no more
		w.sums[day], w.noted[day] = now, true
	}
}

// A record begins on a day that follows from its id.
func dayOf(id int) int { return 5 * id }

// record is a call record as it is served.
func (w *pruned) record(id, version int) string {
	start := w.at(dayOf(id)).Format(time.RFC3339)
	return spokenOf(fmt.Sprintf(recordOfTwo, recordID(id), version, start, id%persons, version), id)
}

func recordID(id int) uuid.UUID { return uuid.NewSHA1(call, []byte{byte(id)}) }

// keptRecords is the day before which nothing is stored of records.
func (w *pruned) keptRecords() int { return max(w.kept[fetch.CallRecords.Name], w.kept[details]) }

// raises has the model do what listing a record does, and reports whether it is kept.
func (w *pruned) raises(id, version int) bool {
	w.everRecords[id] = max(w.everRecords[id], version)
	if dayOf(id) < w.keptRecords() {
		return false
	}
	r := w.records[id]
	if r == nil {
		r = &prunedRecord{Day: dayOf(id)}
		w.records[id] = r
	}
	if r.Version < version {
		r.Version, r.Body = version, false
	}
	return true
}

// announce has records listed.
func (w *pruned) announce(versions map[int]int) {
	b := w.batch(fetch.CallRecords.Rows, 0)
	for id, version := range versions {
		w.append(b, w.record(id, version))
		w.raises(id, version)
	}
	_, err := w.db.Announce(w.Context(), w.runs[fetch.CallRecords.Name], target(w, fetch.CallRecords), b,
		store.Reading{From: w.first, To: w.day(60), Slot: time.Hour, Pages: 1})
	w.must(err)
}

// noteFailed notes that details could not be read.
func (w *pruned) noteFailed(versions map[int]int) {
	body := []byte("x")
	if w.private() {
		body = nil
	}
	for id, version := range versions {
		w.must(w.db.NoteDetailsRetry(w.Context(), w.runs[fetch.CallRecords.Name], store.DetailsRetry{
			CallID: recordID(id), Version: int64(version), At: w.served, NextAt: w.served,
			Error: "x", Body: body,
		}))
		r := w.records[id]
		if r != nil && r.Version == version && r.Details != version && r.Day >= w.kept[details] {
			r.Body = body != nil
		}
	}
}

// details has the model do what storing details does.
func (w *pruned) details(id, version int) {
	r := w.records[id]
	r.Version, r.Details, r.Rows = max(r.Version, version), version, true
	r.Body = r.Body && r.Version > version
	r.Of = [2]personal{w.read(personal{User: userID(id)}, r.Day), w.read(personal{Number: numberOf(id)}, r.Day)}
	w.noted[r.Day] = true
}

// saveDetails stores records with their details.
func (w *pruned) saveDetails(versions map[int]int) {
	var batches []*mapping.Batch
	var want []bool
	for id, version := range versions {
		b := w.batch(fetch.CallRecords.Rows, 0)
		w.append(b, w.record(id, version))
		w.everRecords[id] = max(w.everRecords[id], version)
		r := w.records[id]
		kept := dayOf(id) >= w.keptRecords()
		stored := kept && (r == nil || r.Details < version)
		batches, want = append(batches, b), append(want, stored)
		if kept {
			w.noted[dayOf(id)] = true // also for a version that is not new
		}
		if !stored {
			continue
		}
		if r == nil {
			w.records[id] = &prunedRecord{Day: dayOf(id)}
		}
		w.details(id, version)
	}
	results := w.db.SaveDetails(w.Context(), w.runs[fetch.CallRecords.Name], target(w, fetch.CallRecords), batches)
	for i, err := range results {
		if want[i] != (err == nil) || err != nil && !errors.Is(err, store.ErrNewer) {
			w.fail("details: %v, but are to be stored: %v", err, want[i])
		}
	}
}
