package fetch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync"
	"time"

	"ingestd/internal/mapping"
)

// CallRecords are Teams calls and meetings with their sessions, segments,
// media streams and participants (Graph: callRecord). The list names them and
// their versions; each is then read whole by Record. Reach: a record is gone 30
// days after the call began. Settle: a record comes up to 150 minutes after the
// end of the call, but is listed by its beginning, and calls may be long.
var CallRecords = Endpoint{
	Name:       "call_records",
	Permission: "CallRecords.Read.All",
	APIs:       []string{"v1.0"},
	Reach:      30 * day,
	Settle:     36 * time.Hour,
	Slot:       time.Hour,
	Span:       day,
	Smallest:   time.Minute,
	EventTime:  "start_at",
	Versioned:  true,
	Rows:       callRecordRows,
}

// The two arrays of a call record that Graph serves in pages, sessions 60 and
// participants 130 at a time, and how they are asked for: one in a request.
var pagedArrays = []struct{ name, expand string }{
	{"sessions", "sessions($expand=segments)"},
	{"participants_v2", "participants_v2"},
}

// A Part is one complete answer about a call record: a page of one of its
// arrays, and with the first of each the record itself.
type Part struct {
	Record  mapping.Value // an object that holds the page; only in the first part of an array
	Version int64         // of the record, in the same part
	Array   string        // sessions or participants_v2
	Page    mapping.Value // an array of objects
	First   int           // number of the page's first object in the whole array
	More    bool          // pages of this array follow
	Served  time.Time     // Graph's time of the answer

	doc  mapping.Document
	next string
}

// Record asks for a call record whole: sessions with their segments, page after
// page, and after them the participants. The last value of a reading that
// failed is an *Error or the context's error. The parts of one record may be of
// different versions: that is for the caller to see. The bytes of all answers are
// added to hold, which the caller releases once it has stored what it made of them.
//
// atOnce asks for both arrays at the same time: for a person who waits. A record that
// is not served costs two requests then, and not one.
func (c *Client) Record(
	ctx context.Context, api, id string, atOnce bool, hold *Reservation, usage *Usage,
) iter.Seq2[*Part, error] {
	return func(yield func(*Part, error) bool) {
		var asked sync.WaitGroup
		defer asked.Wait() // they grow hold
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		r := request{
			scopes: []scope{scopeCallRecords, scopeRecord(id)},
			prefer: []string{"include-unknown-enum-members"},
			what:   "call_records " + id,
			usage:  usage,
			hold:   hold,
		}
		var arrays []iter.Seq2[*Part, error]
		for _, array := range pagedArrays {
			r := r
			r.url = fmt.Sprintf("%s/%s/communications/callRecords/%s?$expand=%s", c.graph, api, id, array.expand)
			first := sync.OnceValues(func() (*Part, error) { return c.part(ctx, r, id, array.name, true) })
			if atOnce {
				asked.Go(func() {
					defer func() { _ = recover() }() // it panics again for who takes the part
					_, _ = first()
				})
			}
			arrays = append(arrays, c.parts(ctx, r, id, array.name, first))
		}
		for _, parts := range arrays {
			for part, err := range parts {
				if !yield(part, err) || err != nil {
					return
				}
			}
		}
	}
}

// HasDetails reports whether a document is a call record with all its details, and
// not only what a list or one answer says of it.
func HasDetails(record mapping.Value) bool {
	for _, array := range pagedArrays {
		if record.Member(array.name).Kind() != '[' {
			return false
		}
	}
	for name := range record.Members() {
		if likeLink(name) {
			return false
		}
	}
	return true
}

// parts asks for one array of a call record, page after page. first asks for the
// first one.
func (c *Client) parts(
	ctx context.Context, r request, id, array string, first func() (*Part, error),
) iter.Seq2[*Part, error] {
	return func(yield func(*Part, error) bool) {
		seen, count := map[string]bool{r.url: true}, 0
		for next := first; ; next = func() (*Part, error) { return c.part(ctx, r, id, array, false) } {
			part, err := next()
			if err != nil {
				yield(nil, expired(err, len(seen) > 1))
				return
			}
			part.First = count
			count += part.Page.Len()
			if !yield(part, nil) {
				return
			}
			if r.url = part.next; r.url == "" {
				return
			}
			if err := visit(seen, r.url); err != nil {
				err = fmt.Errorf("%s: %w", array, err)
				yield(nil, &Error{Kind: Transient, What: r.what, Status: http.StatusOK, Err: err, Hint: hintTransient})
				return
			}
		}
	}
}

func (c *Client) part(ctx context.Context, r request, id, array string, first bool) (*Part, error) {
	p := &Part{Array: array}
	r.accept = func(body []byte) (err error) {
		if first {
			err = p.readRecord(body, id)
		} else {
			p.Page, p.next, err = readPage(&p.doc, body)
		}
		if err != nil {
			return err
		}
		p.More = p.next != ""
		return p.check()
	}
	resp, err := c.get(ctx, r)
	if err != nil {
		return nil, err
	}
	p.Served = resp.served
	return p, nil
}

// readRecord finds the version, the page and the link to the next one in an
// answer that is the record itself.
func (p *Part) readRecord(body []byte, id string) error {
	if err := p.doc.Parse(body); err != nil {
		return err
	}
	p.Record = p.doc.Root()
	found, err := members(p.Record, "id", "version", p.Array, "error")
	if err != nil {
		return err
	}
	p.Page = found[2]
	switch served, _ := found[0].Text(); {
	case found[3].Kind() != 0:
		return errors.New("an error object with status 200")
	case !strings.EqualFold(served, id):
		return errors.New("not the call record that was asked for")
	}
	var ok bool
	if p.Version, ok = mapping.WholeNumber(found[1]); !ok {
		return errors.New("a call record without a version")
	}
	p.next, err = nextLink(p.Record, p.Array)
	return err
}

// check refuses a page that is no array of objects: a query option that got
// lost makes Graph leave the array out without a word.
func (p *Part) check() error {
	if p.Page.Kind() != '[' {
		return fmt.Errorf("no array %q", p.Array)
	}
	for element := range p.Page.Elements() {
		if element.Kind() != '{' {
			return fmt.Errorf("%s that are no objects", p.Array)
		}
	}
	return wholeElements(p.Page)
}
