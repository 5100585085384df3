package fetch

import (
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

func TestTokenFailures(t *testing.T) {
	t.Parallel()
	entra := func(status int, oauth string, code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(map[string]any{
				"error": oauth, "error_codes": []int{code}, "correlation_id": "0a0b0c0d-1111-2222-3333-444444444444",
				"error_description": fmt.Sprintf("AADSTS%d: you sent %s", code, r.PostFormValue("client_secret")),
			})
		}
	}
	for name, test := range map[string]struct {
		entra    *login
		kind     Kind
		code     string
		cause    string
		hint     string
		requests int64 // for a token
	}{
		"wrong secret":     {&login{token: entra(401, "invalid_client", 7000215)}, Denied, "invalid_client: AADSTS7000215", secretWrong, hintSecret, 1},
		"expired secret":   {&login{token: entra(401, "invalid_client", 7000222)}, Denied, "invalid_client: AADSTS7000222", secretExpired, meaningOf("", 7000222).hint, 1},
		"unknown refusal":  {&login{token: entra(401, "invalid_client", 12345)}, Denied, "invalid_client: AADSTS12345", secretWrong, hintEntra, 1},
		"unknown app":      {&login{token: entra(400, "unauthorized_client", 700016)}, Denied, "unauthorized_client: AADSTS700016", appUnknown, meaningOf("", 700016).hint, 1},
		"disabled app":     {&login{token: entra(401, "unauthorized_client", 7000112)}, Denied, "unauthorized_client: AADSTS7000112", appDisabled, meaningOf("", 7000112).hint, 1},
		"unknown tenant":   {&login{discovery: entra(400, "invalid_tenant", 90002)}, Denied, "invalid_tenant: AADSTS90002", tenantUnknown, meaningOf("", 90002).hint, 0},
		"another cloud":    {&login{discovery: entra(400, "invalid_request", 90038)}, Denied, "invalid_request: AADSTS90038", cloudWrong, hintLogin, 0},
		"unknown resource": {&login{token: entra(400, "invalid_resource", 500011)}, Denied, "invalid_resource: AADSTS500011", cloudWrong, hintLogin, 1},
		"not consented":    {&login{token: entra(400, "invalid_grant", 65001)}, Denied, "invalid_grant: AADSTS65001", permissionMissing, hintConsent, 1},
		"another code":     {&login{token: entra(400, "invalid_request", 12345)}, Denied, "invalid_request: AADSTS12345", requestRefused, hintEntra, 1},

		// What passes does so whatever the status.
		"busy":           {&login{token: entra(503, "temporarily_unavailable", 90033)}, Transient, "temporarily_unavailable: AADSTS90033", graphFailing, hintTransient, attempts},
		"busy with 400":  {&login{token: entra(400, "temporarily_unavailable", 12345)}, Transient, "temporarily_unavailable: AADSTS12345", graphFailing, hintTransient, attempts},
		"failing":        {&login{discovery: entra(400, "server_error", 90041)}, Transient, "server_error: AADSTS90041", graphFailing, hintTransient, 0},
		"passing number": {&login{token: entra(401, "invalid_client", 90024)}, Transient, "invalid_client: AADSTS90024", graphFailing, hintTransient, attempts},
		"throttled": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "3600")
			entra(429, "too_many", 90055)(w, r)
		}}, Throttled, "too_many: AADSTS90055", throttledBy, hintThrottled, 1},

		"another server": {&login{discovery: http.NotFound}, Refused, "", answerNotGraph, hintProxy, 0},
		"redirected": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?"+r.PostFormValue("client_secret"), http.StatusTemporaryRedirect)
		}}, Refused, "", answerNotGraph, hintProxy, 1},
		"not a token": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"access_token":["%s"]}`, r.PostFormValue("client_secret"))
		}}, Transient, "", answerNotGraph, hintProxy, attempts},
		"not JSON": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `<html>%s`, r.PostFormValue("client_secret"))
		}}, Transient, "", answerNotGraph, hintProxy, attempts},
		"secret as code": {&login{token: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("request-id", r.PostFormValue("client_secret"))
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":"%[1]s","correlation_id":"%[1]s"}`, r.PostFormValue("client_secret"))
		}}, Refused, "", answerNotGraph, hintProxy, 1},
		"endless": {&login{token: func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"t"%s}`, strings.Repeat(" ", maxTokenBody))
		}}, Transient, "", answerNotGraph, hintProxy, attempts},
		"no answer": {&login{token: raw(nil)}, Transient, "", unreachable, hintTransient, attempts},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, test.entra, func(http.ResponseWriter, *http.Request) { t.Error("Graph was asked") })
			_, err := c.get(t.Context(), c.to("/v1.0/x"))
			failure, ok := errors.AsType[*Error](err)
			if !ok || failure.Kind != test.kind || failure.Code != test.code || failure.Hint != test.hint ||
				failure.Cause() != test.cause || failure.What != "access token" {
				t.Errorf("error %v, want %v %q %s; %s", err, test.kind, test.code, test.cause, test.hint)
			}
			if test.code != "" && failure.RequestID != "0a0b0c0d-1111-2222-3333-444444444444" {
				t.Errorf("request-id %q, want Entra's correlation id", failure.RequestID)
			}
			if n := test.entra.issued.Load(); n != test.requests {
				t.Errorf("%d token requests, want %d", n, test.requests)
			}
			for err := error(failure); err != nil; err = errors.Unwrap(err) {
				if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, canary) {
					t.Errorf("the secret is in %s", text)
				}
			}
			if len(failure.Body) > 0 {
				t.Error("a body of Entra is kept")
			}
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
			if failure, ok := errors.AsType[*Error](err); !ok || failure.Kind != Denied || failure.Hint != hintUnreadable {
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
	for left, usable := range map[time.Duration]bool{time.Hour: true, tokenMargin + time.Minute: true, tokenMargin: false, -time.Hour: false} {
		tokens := &tokens{clock: machine, held: map[string]token{"s": {"t", time.Now().Add(left)}}}
		if _, ok := tokens.usable("s", ""); ok != usable {
			t.Errorf("%v before its end: usable %v", left, ok)
		}
		if _, ok := tokens.usable("s", "t"); ok {
			t.Errorf("%v before its end: usable although rejected", left)
		}
	}
}
