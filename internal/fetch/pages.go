package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/mapping"
)

// A Window is a span of time, From included, To excluded.
type Window struct{ From, To time.Time }

func (w Window) String() string {
	return w.From.UTC().Format("2006-01-02T15:04Z") + "/" + w.To.UTC().Format("2006-01-02T15:04Z")
}

// A Page is one complete answer of a list. Its Elements are there until the next page is asked for; their text stays.
type Page struct {
	Elements  mapping.Value // an array
	Asked     time.Time     // Graph's time of the request
	Served    time.Time     // Graph's time of the answer
	RequestID string

	doc  *mapping.Document
	next string
}

// documents are kept because the index over a page's values takes as much memory as its text.
var documents = sync.Pool{New: func() any { return new(mapping.Document) }}

// ErrShifted is the cause of an Error when rows moved between the pages of a
// window while it was read: paging is by offset over a live log, so rows may
// have been passed over. The window has to be read again.
var ErrShifted = errors.New("rows moved between pages")

// ErrLinkExpired is the cause of an Error when Graph no longer knows a link to
// a next page that it gave itself (400 or 410). The window has to be read again
// from its first page.
var ErrLinkExpired = errors.New("the link to the next page has expired")

// maxPages bounds a window: at 1,000 rows a page far above any tenant's month.
const maxPages = 100_000

// Pages asks for the rows of a window, page after page, and one page ahead.
// The last value of a reading that failed is an *Error or the context's error.
//
// atEdge says that rows of the window may leave Graph's reach while it is
// read, which moves all rows behind them. The first page is then asked for
// again at the end, and must be the same.
func (c *Client) Pages(
	ctx context.Context, e Endpoint, api string, w Window, atEdge bool, usage *Usage,
) iter.Seq2[*Page, error] {
	return c.pages(ctx, c.listRequest(e, api, w, usage), atEdge)
}

// PagesOf is Pages of the call records of a person, by its Entra object id. They say
// nothing about what else there is in the window.
func (c *Client) PagesOf(
	ctx context.Context, person uuid.UUID, api string, w Window, usage *Usage,
) iter.Seq2[*Page, error] {
	first := c.listRequest(CallRecords, api, w, usage)
	first.url += url.PathEscape(fmt.Sprintf(" and participants_v2/any(p:p/id eq '%s')", person))
	return c.pages(ctx, first, false)
}

func (c *Client) pages(ctx context.Context, first request, atEdge bool) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var check []byte
		seen := map[string]bool{first.url: true}
		for next := c.ask(ctx, first); next != nil; {
			page, err := receive(next)
			if err == nil {
				if check == nil && page.next != "" && atEdge {
					check = page.sum()
				}
				next, err = c.follow(ctx, first, page, seen)
			}
			if err != nil {
				yield(nil, expired(err, len(seen) > 1))
				return
			}
			more := yield(page, nil)
			documents.Put(page.doc)
			if !more {
				return
			}
		}
		if check != nil {
			if again, err := receive(c.ask(ctx, first)); err != nil {
				yield(nil, err)
			} else if !bytes.Equal(again.sum(), check) {
				const hint = "the window is read again"
				yield(nil, &Error{
					Kind: Transient, What: first.what, Status: http.StatusOK, Err: ErrShifted, Hint: hint,
				})
			}
		}
	}
}

// expired marks the refusal of a link to a next page.
func expired(err error, linked bool) error {
	var e *Error
	if linked && errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusGone) {
		e.Err = ErrLinkExpired
	}
	return err
}

// listRequest asks for the first page of a window. Both ends are whole
// seconds. A function of Graph may count the end in, as getPstnCalls does;
// keys absorb that.
func (c *Client) listRequest(e Endpoint, api string, w Window, usage *Usage) request {
	const form = "2006-01-02T15:04:05Z"
	r := request{
		scopes: scopesOf(e),
		prefer: []string{"include-unknown-enum-members"},
		what:   e.Name + " " + w.String(),
		usage:  usage,
	}
	collection := fmt.Sprintf("%s/%s/communications/callRecords", c.graph, api)
	from, to := w.From.UTC().Format(form), w.To.UTC().Format(form)
	if e.function == "" {
		r.names = e.Versioned
		filter := fmt.Sprintf("startDateTime ge %s and startDateTime lt %s", from, to)
		r.url = collection + "?$filter=" + url.PathEscape(filter)
		r.prefer = append(r.prefer, "odata.maxpagesize=60") // the most that the list allows
	} else {
		r.url = fmt.Sprintf("%s/%s(fromDateTime=%s,toDateTime=%s)", collection, e.function, from, to)
	}
	return r
}

func scopesOf(e Endpoint) []scope {
	if e.function == "" {
		return []scope{scopeCallRecords, scopeList}
	}
	return []scope{scopeLogs, scopeLogFunction(e.function)}
}

// HasRoom reports whether a request of an endpoint could start now, and none waits that could: then more may be in
// flight. For call records it is about reading one of them; the list has a limit of its own.
func (c *Client) HasRoom(e Endpoint) bool {
	scopes := scopesOf(e)
	if e.function == "" {
		scopes = []scope{scopeCallRecords}
	}
	return c.retrier.limiter.hasRoom(scopes)
}

// Throttled is how long the requests of an endpoint still have to wait because
// Graph said so.
func (c *Client) Throttled(e Endpoint) time.Duration {
	return c.retrier.limiter.paused(scopesOf(e))
}

type answer struct {
	page     *Page
	err      error
	panicked any
}

// ask gets a page while the caller works on the one before.
func (c *Client) ask(ctx context.Context, r request) <-chan answer {
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			a.panicked = recover()
			done <- a
		}()
		a.page, a.err = c.page(ctx, r)
	}()
	return done
}

// receive waits for a page. A panic of its goroutine goes on in the caller's,
// where it ends one window and not the daemon.
func receive(next <-chan answer) (*Page, error) {
	a := <-next
	if a.panicked != nil {
		panic(a.panicked)
	}
	return a.page, a.err
}

// follow asks for the page after one, if there is one.
func (c *Client) follow(ctx context.Context, first request, page *Page, seen map[string]bool) (<-chan answer, error) {
	if page.next == "" {
		return nil, nil
	}
	if err := visit(seen, page.next); err != nil {
		return nil, &Error{
			Kind: Transient, What: first.what, Status: http.StatusOK, RequestID: page.RequestID, Err: err,
			Hint: hintTransient,
		}
	}
	r := first
	r.url = page.next
	return c.ask(ctx, r), nil
}

// visit notes a link that is followed. It refuses one that was followed before, which would lead round and round, and
// one beyond maxPages.
func visit(seen map[string]bool, link string) error {
	switch {
	case seen[link]:
		return fmt.Errorf("page %d leads back to an earlier page", len(seen))
	case len(seen) == maxPages:
		return fmt.Errorf("more than %d pages", maxPages)
	}
	seen[link] = true
	return nil
}

// page gets and reads one page. An answer that is no page counts as cut or
// garbled, and is asked for again.
func (c *Client) page(ctx context.Context, r request) (*Page, error) {
	p := &Page{doc: documents.Get().(*mapping.Document)}
	r.accept = func(body []byte) (err error) {
		p.Elements, p.next, err = readPage(p.doc, body)
		if err == nil && !r.names {
			err = wholeElements(p.Elements)
		}
		return err
	}
	resp, err := c.get(ctx, r)
	if err != nil {
		return nil, err
	}
	p.Asked, p.Served, p.RequestID = resp.asked, resp.served, resp.requestID
	return p, nil
}

func (p *Page) sum() []byte {
	s := sha256.Sum256(p.Elements.Raw())
	return s[:]
}

// readPage finds the elements of a collection and the link to the next page.
func readPage(doc *mapping.Document, body []byte) (elements mapping.Value, next string, err error) {
	if err := doc.Parse(body); err != nil {
		return elements, "", err
	}
	if doc.Root().Kind() != '{' {
		return elements, "", errors.New("no JSON object")
	}
	found, err := members(doc.Root(), "value", "error")
	if err != nil {
		return elements, "", err
	}
	switch elements = found[0]; {
	case found[1].Kind() != 0:
		return elements, "", errors.New("an error object with status 200")
	case elements.Kind() != '[':
		return elements, "", errors.New(`no array "value"`)
	}
	next, err = nextLink(doc.Root(), "")
	return elements, next, err
}
