package fetch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestOneTokenForAll(t *testing.T) {
	t.Parallel()
	entra := new(login)
	c := newTestClient(t, entra, func(http.ResponseWriter, *http.Request) {})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := entra.issued.Load(); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

func TestRejectedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	entra := new(login)
	var arrived sync.WaitGroup
	arrived.Add(20)
	c := newTestClient(t, entra, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			arrived.Done()
			arrived.Wait() // all of them hold the token when it is rejected
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := entra.issued.Load(); n != 2 {
		t.Errorf("%d token requests, want 2", n)
	}
}

// A tenant that rejects each token has denied access.
func TestNoTokenIsTaken(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var requests atomic.Int32
	c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) > 10 {
			cancel() // it would go on for ever
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	_, err := c.get(ctx, c.to("/v1.0/x"))
	if n := requests.Load(); n != 2 || KindOf(err) != Denied {
		t.Errorf("%d requests, want 2: %v", n, err)
	}
}

func TestExpiringTokenIsRenewed(t *testing.T) {
	t.Parallel()
	entra := &login{token: func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":%d,"access_token":"t"}`, int(tokenMargin.Seconds()))
	}}
	c := newTestClient(t, entra, func(http.ResponseWriter, *http.Request) {})
	for range 3 {
		if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
			t.Fatal(err)
		}
	}
	if n := entra.issued.Load(); n != 3 {
		t.Errorf("%d token requests, want 3", n)
	}
}

func TestSecretIsReadForEveryToken(t *testing.T) {
	t.Parallel()
	entra := new(login)
	entra.token = func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(
			w,
			`{"token_type":"Bearer","expires_in":3599,"access_token":"with-%s"}`,
			r.PostFormValue("client_secret"),
		)
	}
	c := newTestClient(t, entra, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer with-new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	secrets := []string{"old", "new"}
	c.tokens.issuer.credential = ClientSecret(func() (string, error) {
		next := secrets[0]
		secrets = secrets[1:]
		return next, nil
	})
	if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
		t.Error(err)
	}
}

func TestGivingUpLeavesTheRenewalToTheOthers(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan bool), make(chan bool)
	entra := &login{}
	entra.token = func(w http.ResponseWriter, _ *http.Request) {
		asked <- true
		<-answer
		io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"t"}`)
	}
	c := newTestClient(t, entra, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := c.get(ctx, c.to("/v1.0/x")); first <- err }()
	<-asked
	go func() { _, err := c.get(t.Context(), c.to("/v1.0/x")); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) || KindOf(err) != 0 {
		t.Errorf("the one that gave up: error %v", err)
	}
	close(answer)
	if err := <-second; err != nil {
		t.Errorf("the other: error %v", err)
	}
	if n := entra.issued.Load(); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// entra answers with an error that quotes the secret.
func entra(status int, oauth string, number int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]any{
			"error": oauth, "error_codes": []int{number}, "correlation_id": "0a0b0c0d-1111-2222-3333-444444444444",
			"error_description": fmt.Sprintf("AADSTS%d: you sent %s", number, r.PostFormValue("client_secret")),
		})
	}
}

// A refusedToken is how a token is not given.
type refusedToken struct {
	kind     Kind
	code     string
	cause    string
	hint     string
	requests int64 // for a token
}

// check asks for a token.
func (want refusedToken) check(t *testing.T, entra *login) {
	t.Helper()
	c := newTestClient(t, entra, func(http.ResponseWriter, *http.Request) { t.Error("Graph was asked") })
	_, err := c.get(t.Context(), c.to("/v1.0/x"))
	failure, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error %v", err)
	}
	got := refusedToken{failure.Kind, failure.Code, failure.Cause(), failure.Hint, entra.issued.Load()}
	if got != want || failure.What != "access token" {
		t.Errorf("error %v\ngot  %+v\nwant %+v", err, got, want)
	}
	if want.code != "" && failure.RequestID != "0a0b0c0d-1111-2222-3333-444444444444" {
		t.Errorf("request-id %q, want Entra's correlation id", failure.RequestID)
	}
	for err := error(failure); err != nil; err = errors.Unwrap(err) {
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, canary) {
			t.Errorf("the secret is in %s", text)
		}
	}
	if len(failure.Body) > 0 {
		t.Error("a body of Entra is kept")
	}
}

func TestEntraCodes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		word   string
		number int
		kind   Kind
		cause  string
		hint   string // empty: the number's
	}{
		{401, "invalid_client", 7000215, Denied, secretWrong, hintSecret},
		{401, "invalid_client", 7000222, Denied, secretExpired, ""},
		{401, "invalid_client", 700027, Denied, secretWrong, hintCert},
		{401, "invalid_client", 700024, Denied, clockSkewed, ""},
		{401, "invalid_client", 700211, Denied, secretWrong, hintTrust},
		{401, "invalid_client", 12345, Denied, secretWrong, hintEntra},
		{400, "unauthorized_client", 700016, Denied, appUnknown, ""},
		{401, "invalid_client", 7000112, Denied, appDisabled, ""},
		{400, "invalid_tenant", 90002, Denied, tenantUnknown, ""},
		{400, "invalid_request", 90038, Denied, cloudWrong, hintLogin},
		{400, "invalid_resource", 500011, Denied, cloudWrong, hintLogin},
		{400, "invalid_grant", 65001, Denied, permissionMissing, hintConsent},
		{400, "access_denied", 53003, Denied, requestRefused, ""},
		{400, "invalid_request", 12345, Denied, requestRefused, hintEntra},

		// What passes does so whatever the status.
		{503, "temporarily_unavailable", 90033, Transient, graphFailing, hintTransient},
		{400, "temporarily_unavailable", 12345, Transient, graphFailing, hintTransient},
		{401, "server_error", 7000215, Transient, graphFailing, hintTransient},
		{401, "invalid_client", 90024, Transient, graphFailing, hintTransient},
		{400, "invalid_request", 50196, Transient, throttledBy, hintTransient},
		{500, "invalid_client", 7000215, Transient, graphFailing, hintTransient},
	} {
		t.Run(fmt.Sprint(test.status, " ", test.word, " ", test.number), func(t *testing.T) {
			t.Parallel()
			want := refusedToken{
				test.kind, fmt.Sprintf("%s: AADSTS%d", test.word, test.number), test.cause,
				cmp.Or(test.hint, meaningOf(test.word, test.number).hint), 1,
			}
			if test.kind == Transient {
				want.requests = attempts
			}
			want.check(t, &login{token: entra(test.status, test.word, test.number)})
			want.requests = 0
			want.check(t, &login{discovery: entra(test.status, test.word, test.number)})
		})
	}
}

func TestTokenFailures(t *testing.T) {
	t.Parallel()
	notEntra := func(kind Kind, requests int64) refusedToken {
		return refusedToken{kind, "", answerNotGraph, hintProxy, requests}
	}
	for name, test := range map[string]struct {
		entra *login
		want  refusedToken
	}{
		"throttled": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "3600")
			entra(429, "too_many", 90055)(w, r)
		}}, refusedToken{Throttled, "too_many: AADSTS90055", throttledBy, hintThrottled, 1}},
		"another server": {&login{discovery: http.NotFound}, notEntra(Refused, 0)},
		"redirected": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?"+r.PostFormValue("client_secret"), http.StatusTemporaryRedirect)
		}}, notEntra(Refused, 1)},
		"not a token": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"access_token":["%s"]}`, r.PostFormValue("client_secret"))
		}}, notEntra(Transient, attempts)},
		"not JSON": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `<html>%s`, r.PostFormValue("client_secret"))
		}}, notEntra(Transient, attempts)},
		"secret as code": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("request-id", r.PostFormValue("client_secret"))
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":"%[1]s","correlation_id":"%[1]s"}`, r.PostFormValue("client_secret"))
		}}, notEntra(Refused, 1)},
		"endless": {&login{token: func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"t"`)
			io.WriteString(w, strings.Repeat(" ", maxTokenBody)+"}")
		}}, notEntra(Transient, attempts)},
		"no answer": {&login{token: raw(nil)}, refusedToken{Transient, "", unreachable, hintTransient, attempts}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.check(t, test.entra)
		})
	}
}

func TestSecretThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]func() (string, error){
		"missing": func() (string, error) { return "", errors.New("no such file") },
		"empty":   func() (string, error) { return "", nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, new(login), func(http.ResponseWriter, *http.Request) {})
			c.tokens.issuer.credential = ClientSecret(secret)
			_, err := c.get(t.Context(), c.to("/v1.0/x"))
			failure, ok := errors.AsType[*Error](err)
			if !ok || failure.Kind != Denied || failure.Cause() != secretUnreadable || failure.Hint != hintUnreadable {
				t.Errorf("error %v, want denied", err)
			}
		})
	}
}

// The secret is for the configured authority alone, whatever its discovery document says.
func TestSecretStaysAtEntra(t *testing.T) {
	t.Parallel()
	var stolen atomic.Int64
	evil := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	entra := &login{discovery: func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(
			w,
			`{"issuer":"https://%s/x","authorization_endpoint":"%[2]s/a","token_endpoint":"%[2]s/t"}`,
			r.Host,
			evil.URL,
		)
	}}
	c := newTestClient(t, entra, func(http.ResponseWriter, *http.Request) {})
	_, err := c.get(t.Context(), c.to("/v1.0/x"))
	if KindOf(err) != Refused || stolen.Load() != 0 {
		t.Errorf("error %v, %d requests went elsewhere", err, stolen.Load())
	}
}

func TestRenewalAfterAnotherTakesItsToken(t *testing.T) {
	t.Parallel()
	entra := new(login)
	c := newTestClient(t, entra, func(http.ResponseWriter, *http.Request) {})
	for range 2 {
		if token, err := c.tokens.renew(t.Context(), c.scope, ""); err != nil || token != "token-1" {
			t.Errorf("token %q, error %v", token, err)
		}
	}
}

func TestTokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	t.Parallel()
	for left, usable := range map[time.Duration]bool{
		time.Hour: true, tokenMargin + time.Minute: true, tokenMargin: false, -time.Hour: false,
	} {
		tokens := &tokens{clock: machine, held: map[string]token{"s": {"t", time.Now().Add(left)}}}
		if _, ok := tokens.usable("s", ""); ok != usable {
			t.Errorf("%v before its end: usable %v", left, ok)
		}
		if _, ok := tokens.usable("s", "t"); ok {
			t.Errorf("%v before its end: usable although rejected", left)
		}
	}
}
