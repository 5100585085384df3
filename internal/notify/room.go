package notify

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"ingestd/internal/warn"
)

// A Desk is where ids are handed to. Its methods are called by many requests at
// once.
type Desk interface {
	// Subscription returns the id of a tenant's subscription, the nil one while it
	// is being made, and the SHA-256 of its secret; nil where there is none.
	Subscription(ctx context.Context, tenant uuid.UUID) (id uuid.UUID, secret []byte, err error)
	// Discover returns once the ids of call records are stored. An error with a
	// method Full that reports true is the tenant's alone: of it too many wait.
	Discover(ctx context.Context, tenant uuid.UUID, ids []uuid.UUID) error
	// Lifecycle notes that a subscription wants to be renewed, or else that
	// notifications were missed.
	Lifecycle(ctx context.Context, tenant uuid.UUID, missed bool) error
}

// An Outcome is what became of a notification, or of a request as a whole.
type Outcome string

// Outcomes.
const (
	Accepted   Outcome = "accepted"   // its id is stored
	Lifecycle  Outcome = "lifecycle"  // it was about the subscription, and is noted
	Validation Outcome = "validation" // a request: whether notifications are wanted
	Refused    Outcome = "refused"    // the database did not take it; it is sent again
	Full       Outcome = "full"       // told by a hub, of a tenant of which too many wait
	Foreign    Outcome = "foreign"    // of a tenant that has no subscription here
	Forged     Outcome = "forged"     // without the secret
	Stale      Outcome = "stale"      // of a subscription that was replaced
	Malformed  Outcome = "malformed"  // tells no call record
	Garbage    Outcome = "garbage"    // a request that is none of Graph's
)

// Outcomes are all of them.
var Outcomes = []Outcome{Accepted, Lifecycle, Validation, Refused, Full, Foreign, Forged, Stale, Malformed, Garbage}

const (
	// maxBody bounds a body. A notification takes half a kilobyte.
	maxBody = 256 << 10
	// maxToken bounds what a validation request may have repeated.
	maxToken = 1 << 10
	// answerWithin is how long a request may wait for the database: Graph takes an
	// answer that comes after 3 seconds for none.
	answerWithin = 2500 * time.Millisecond
)

// A Room answers requests at one path. Make one with New, and Run it.
type Room struct {
	path    string
	desk    Desk
	count   func(Outcome, int) // called by many requests at once
	log     *zap.Logger
	gathers *gatherer
	refused warn.Once // why notifications are

	mu   sync.Mutex
	full map[uuid.UUID]*warn.Once // why what a hub told last of a tenant was dropped
}

// New makes a room for an address that Graph was told.
func New(address string, desk Desk, count func(Outcome, int), log *zap.Logger) (*Room, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return &Room{
		path: path, desk: desk, count: count, log: log, gathers: newGatherer(desk), full: map[uuid.UUID]*warn.Once{},
	}, nil
}

// Run hands on what requests bring, until ctx ends.
func (r *Room) Run(ctx context.Context) { r.gathers.run(ctx) }

// ServeHTTP answers a validation request with its token, and notifications with 202
// once what they tell is stored. What cannot be stored now is answered 503. What is
// not to be believed is dropped and answered 202, as sending it again is of no use.
// No answer repeats anything but a token, and nothing that a sender writes is logged.
func (r *Room) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "no-store")
	status, outcome := http.StatusAccepted, Garbage
	query := req.URL.Query()
	switch token := query.Get("validationToken"); {
	case req.URL.EscapedPath() != r.path:
		status = http.StatusNotFound
	case req.Method != http.MethodPost:
		h.Set("Allow", http.MethodPost)
		status = http.StatusMethodNotAllowed
	case query.Has("validationToken") && isPlain(token):
		r.count(Validation, 1)
		h.Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, token) // the sender asks again
		return
	case query.Has("validationToken") || !isJSON(req.Header.Get("Content-Type")):
		status = http.StatusBadRequest
	default:
		status, outcome = r.take(w, req)
	}
	if outcome != "" {
		r.count(outcome, 1)
	}
	w.WriteHeader(status)
}

// isPlain reports whether a text fits one line of a text file.
func isPlain(text string) bool {
	return text != "" && len(text) <= maxToken && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/json"
}

// take reads a body and hands on what it tells. The outcome is the whole request's;
// empty where each notification was counted.
func (r *Room) take(w http.ResponseWriter, req *http.Request) (status int, outcome Outcome) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return http.StatusRequestEntityTooLarge, Garbage
	} else if err != nil {
		return http.StatusBadRequest, Garbage
	}
	items, err := parse(body)
	if err != nil {
		return http.StatusBadRequest, Garbage
	}
	err = r.accept(req.Context(), items, true)
	if !isFull(err) {
		r.complain(err)
	}
	if err != nil {
		return http.StatusServiceUnavailable, Refused
	}
	return http.StatusAccepted, ""
}

// accept returns once what notifications tell is stored, or cannot be. Where they are
// not sent again, those of a tenant of which too many wait are dropped.
func (r *Room) accept(ctx context.Context, items []item, sentAgain bool) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return r.handOn(ctx, items, sentAgain)
}

// complain logs why notifications are refused once, and again when the reason
// changes.
func (r *Room) complain(err error) {
	if r.refused.IsNew(err) {
		r.log.Warn("notifications are refused; Graph sends them again, and the list names what they tell",
			zap.Error(err))
	}
}

// handOn checks notifications and hands on what they tell, a tenant after the other.
// What is not to be believed is counted at once, and the rest when it is stored.
func (r *Room) handOn(ctx context.Context, items []item, sentAgain bool) error {
	told, seen := map[uuid.UUID][]uuid.UUID{}, map[Outcome]int{}
	for n := range items {
		i := &items[n]
		outcome, err := r.check(ctx, i)
		if err != nil {
			return err
		}
		if outcome == Lifecycle {
			err = r.desk.Lifecycle(ctx, i.tenant, i.missed())
		}
		if err != nil {
			return err
		}
		if outcome == Accepted {
			told[i.tenant] = append(told[i.tenant], i.call)
		}
		seen[outcome]++
	}
	for tenant, ids := range told {
		err := r.gathers.add(ctx, tenant, ids)
		full := isFull(err)
		if err == nil || full {
			r.complainOf(tenant, err)
		}
		switch {
		case full && !sentAgain:
			seen[Accepted] -= len(ids)
			seen[Full] += len(ids)
		case err != nil:
			return err
		}
	}
	for outcome, n := range seen {
		r.count(outcome, n)
	}
	return nil
}

// isFull reports whether an error of a desk is one tenant's alone, of which too many
// call records wait.
func isFull(err error) bool {
	full, ok := errors.AsType[interface {
		error
		Full() bool
	}](err)
	return ok && full.Full()
}

// complainOf logs once why nothing is noted of what is told of a tenant, until it is
// again.
func (r *Room) complainOf(tenant uuid.UUID, err error) {
	r.mu.Lock()
	dropped := r.full[tenant]
	if dropped == nil {
		dropped = &warn.Once{}
		r.full[tenant] = dropped
	}
	r.mu.Unlock()
	if dropped.IsNew(err) {
		r.log.Warn("notifications of a tenant are not taken; the list names what they tell", zap.Error(err))
	}
}
