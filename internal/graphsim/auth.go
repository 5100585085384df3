package graphsim

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tokenLife is what Entra grants an application by default.
const tokenLife = 3599 * time.Second

// tokens are the bearer tokens issued so far, by the time they expire.
type tokens struct {
	mu      sync.Mutex
	expires map[string]time.Time
}

// DatabaseToken is what every application gets for PostgreSQL in Azure, which a
// test can give to a role as its password. It is about as long as a real one.
var DatabaseToken = "simulated." + strings.Repeat("postgresql", 160) + ".of-no-value"

// issue gives a token for a resource. One for Graph says in its claims, which
// are not signed, what the application may do.
func (s *Server) issue(resource string) string {
	if resource != s.url {
		return DatabaseToken
	}
	now := s.now()
	claims, err := json.Marshal(map[string]any{
		"aud": resource, "tid": s.tenant, "appid": ClientID, "roles": s.denied.roles(),
		"exp": now.Add(tokenLife).Unix(),
	})
	if err != nil {
		panic(err) // strings and numbers only
	}
	part := base64.RawURLEncoding.EncodeToString
	return s.tokens.add(part([]byte(`{"alg":"none"}`))+"."+part(claims)+"."+rand.Text(), now)
}

func (t *tokens) add(token string, now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.expires == nil {
		t.expires = make(map[string]time.Time)
	}
	t.expires[token] = now.Add(tokenLife)
	return token
}

func (t *tokens) valid(token string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	expires, known := t.expires[token]
	return known && now.Before(expires)
}

func (t *tokens) expireAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.expires)
}

// denials are the operations the application has no permission for.
type denials struct {
	mu         sync.Mutex
	operations map[string]bool
}

func (d *denials) set(operation string, denied bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.operations == nil {
		d.operations = make(map[string]bool)
	}
	d.operations[operation] = denied
}

// roles are those that leave out what is denied: the permission for everything,
// the one that is for PSTN and Direct Routing only, or none.
func (d *denials) roles() []string {
	switch {
	case d.has(getPSTNCalls):
		return nil
	case d.has(callRecordsName):
		return []string{"CallRecord-PstnCalls.Read.All"}
	}
	return []string{"CallRecords.Read.All"}
}

func (d *denials) has(operation string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.operations[operation]
}

// authorized lets a request pass that bears a valid token, keeps the limits
// and has the permission, in this order. Once its sender is known a request
// counts toward the limits, also one that is answered 429 or 403.
func (s *Server) authorized(permission string, limits []*limit, next handler) handler {
	return func(r *http.Request, dst []byte) answer {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case !bearer || token == "":
			return s.unauthorized("Access token is empty.")
		case !s.tokens.valid(token, s.now()):
			return s.unauthorized("Access token has expired or is not yet valid.")
		}
		if wait := takeAll(limits); wait > 0 {
			return throttled(wait)
		}
		if s.denied.has(permission) {
			return failure(http.StatusForbidden, "Forbidden", "") // the service gives no reason
		}
		return next(r, dst)
	}
}

func (s *Server) unauthorized(message string) answer {
	a := failure(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
	a.header = map[string]string{"WWW-Authenticate": `Bearer realm="", authorization_uri="` + s.url +
		`/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`}
	return a
}
