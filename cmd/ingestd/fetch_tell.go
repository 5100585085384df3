package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// A teller prints the calls that somebody waits for, and keeps count of them.
type teller struct {
	ctx    context.Context
	app    *app
	job    *schedule.Job
	wanted schedule.Wanted
	calls  callPrinter

	listed, printed int
	failed          int   // calls that cannot be read
	first           error // why
}

// A callPrinter prints calls that are stored, and returns how many of them are.
type callPrinter interface {
	print(ids []uuid.UUID) (printed int, err error)
	close() error
}

// tell prints the calls that are stored.
func (t *teller) tell(list []schedule.Told) error {
	var ids []uuid.UUID
	for _, call := range list {
		t.listed++
		switch {
		case call.Err == nil || t.wanted.Call != uuid.Nil && isNotFound(call.Err):
			ids = append(ids, call.ID) // one that is gone from Graph may be stored
		case errors.Is(call.Err, context.Canceled):
			continue
		}
		if call.Err != nil {
			t.failed++
			t.first = cmp.Or(t.first, call.Err)
		}
	}
	printed, err := t.calls.print(ids)
	t.printed += printed
	return err
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*fetch.Error](err)
	return ok && e.Status == http.StatusNotFound
}

// end says in one line what else a person has to know.
func (t *teller) end(hints io.Writer) error {
	one := t.wanted.Call != uuid.Nil
	switch {
	case t.listed == 0:
		fmt.Fprintf(hints, "Graph lists no call of that person since %s. Check the id; "+
			"a call is listed 150 minutes after its end at the latest, and for 30 days.\n", minute(t.since()))
	case one && isNotFound(t.first) && t.printed > 0:
		fmt.Fprintln(hints, "Graph has the call no more; this is what is stored.")
	case one && isNotFound(t.first):
		return fmt.Errorf("Graph has no call record %s: one is there 150 minutes after the call's end at the latest, "+
			"and until 30 days after its beginning; rows of phone logs are none; see: ingestd fetch --help",
			t.wanted.Call)
	case one && t.first != nil:
		return t.first
	case t.failed > 0:
		why := t.first.Error()
		if isNotFound(t.first) {
			why = "Graph lists it and does not serve it (404)"
		}
		return errDegraded(fmt.Sprintf("%d of %s cannot be read yet, the first because: %s; "+
			"a daemon asks for them again, and so does this command",
			t.failed, health.Count(t.listed, "call", "calls"), why))
	case t.printed < t.listed:
		fmt.Fprintf(hints, "%d of %s not kept, by retention, or kept raw; see: ingestd rejects\n",
			t.listed-t.printed, health.Count(t.listed, "call is", "calls are"))
	}
	return nil
}

// since is from when on calls of a person were asked for.
func (t *teller) since() time.Time {
	return slices.MaxFunc([]time.Time{t.wanted.Span.From, time.Now().Add(-t.job.Policy.Reach)}, time.Time.Compare)
}

// A callTable prints calls as rows of a table.
type callTable struct {
	*teller
	screen screen
	person *uuid.UUID // as it is stored; nil: it is not, or a call is asked for
	begun  bool
}

func newCallTable(t *teller, tenant config.Tenant, s screen) (*callTable, error) {
	policy, err := policyOf(tenant)
	if err != nil {
		return nil, err
	}
	c := &callTable{teller: t, screen: s}
	if stored, ok := policy.Stored("user_id", t.wanted.Person.String()); ok && t.wanted.Call == uuid.Nil {
		person, err := uuid.Parse(stored)
		if err != nil {
			return nil, err
		}
		c.person = &person
	}
	return c, nil
}

func (c *callTable) print(ids []uuid.UUID) (printed int, err error) {
	found, err := c.app.db.Calls(c.ctx, c.job.Tenant, ids, c.person)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	t := table{columns: c.columns(), goesOn: c.begun}
	for _, id := range ids {
		if call, ok := found[id]; ok {
			t.rows = append(t.rows, c.row(call))
		}
	}
	c.begun = true
	return len(t.rows), t.write(c.screen, c.screen.columns)
}

// columns are wide enough for the rows to come. The id is there where there is room.
func (c *callTable) columns() []column {
	start := len("2006-01-02T15:04:05Z")
	if c.screen.terminal {
		start = len("31 Dec 15:04")
	}
	list := []column{
		{name: "start", least: start}, {name: "length", right: true, least: len("10:00:00")},
		{name: "kind", least: len("group")}, {name: "failed", least: len("dropped")},
		{name: "heard", least: len("poor: jitter,loss,rtt")},
	}
	if c.screen.columns == 0 {
		list = append(list, column{name: "call", least: len(uuid.Nil.String())})
	}
	return append(list, column{name: "peers", cut: true})
}

func (c *callTable) row(call store.Call) []string {
	row := []string{c.screen.at(call.StartAt), lengthOf(call), orDash(call.Kind), failedOf(call), heardOf(call)}
	if c.screen.columns == 0 {
		row = append(row, call.ID.String())
	}
	return append(row, peersOf(call))
}

func (c *callTable) close() error { return nil }

func lengthOf(c store.Call) string {
	if c.Duration == nil || *c.Duration < 0 {
		return "-"
	}
	s := int(*c.Duration + 0.5)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// failedOf is how a call failed.
func failedOf(c store.Call) string {
	switch {
	case c.SetupFailed > 0 && c.Dropped > 0:
		return "setup, dropped"
	case c.SetupFailed > 0:
		return "setup"
	case c.Dropped > 0:
		return "dropped"
	}
	return "-"
}

// heardOf is how the audio was; all reasons of poor streams together, in order.
func heardOf(c store.Call) string {
	switch {
	case c.Poor > 0:
		reasons := strings.Split(*c.PoorReasons, ",")
		slices.Sort(reasons)
		return "poor: " + strings.Join(slices.Compact(reasons), ",")
	case c.Good > 0:
		return "good"
	}
	return "-"
}

// mostPeers is how many who took part are named.
const mostPeers = 8

// peersOf are who else took part. Their names come from outside, and may hold anything.
func peersOf(c store.Call) string {
	text := strings.Join(c.Peers, ", ")
	if n := len(c.Peers) - mostPeers; n > 0 {
		text = fmt.Sprintf("%s and %d more", strings.Join(c.Peers[:mostPeers], ", "), n)
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// callDocuments prints calls as documents, those of a person as one array.
type callDocuments struct {
	*teller
	out  io.Writer
	some bool
}

func (c *callDocuments) print(ids []uuid.UUID) (printed int, err error) {
	for _, id := range ids {
		document, err := c.app.db.Rebuild(c.ctx, fetch.CallRecords.Rows, c.job.Tenant, id.String())
		if errors.Is(err, store.ErrUnknown) {
			continue
		}
		if err == nil {
			err = c.write(document)
		}
		if err != nil {
			return printed, err
		}
		printed++
	}
	return printed, nil
}

func (c *callDocuments) write(document []byte) error {
	before, indent, after := "", "", "\n"
	switch {
	case c.wanted.Call != uuid.Nil:
	case c.some:
		before, indent, after = ",\n  ", "  ", ""
	default:
		before, indent, after = "[\n  ", "  ", ""
	}
	c.some = true
	pretty := bytes.NewBufferString(before)
	if err := json.Indent(pretty, document, indent, "  "); err != nil {
		return err
	}
	pretty.WriteString(after)
	_, err := c.out.Write(pretty.Bytes())
	return err
}

// close ends the array.
func (c *callDocuments) close() (err error) {
	switch {
	case c.wanted.Call != uuid.Nil:
	case c.some:
		_, err = fmt.Fprintln(c.out, "\n]")
	default:
		_, err = fmt.Fprintln(c.out, "[]")
	}
	return err
}
