package graphsim

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

func TestMSALGetsAToken(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Now: time.Now})
	cred, err := confidential.NewCredFromSecret(ClientSecret)
	if err != nil {
		t.Fatal(err)
	}
	client, err := confidential.New(a.LoginURL()+"/"+TenantID, ClientID, cred,
		confidential.WithHTTPClient(a.http), confidential.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	token, err := client.AcquireTokenByCredential(context.Background(), []string{a.GraphURL() + "/.default"})
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(token.ExpiresOn); left < 50*time.Minute || left > time.Hour {
		t.Errorf("the token lives %v", left)
	}
	a.token = token.AccessToken
	if res, body := a.get(t, a.pstnURL("v1.0", "2026-01-01", "2026-01-02")); res.StatusCode != 200 {
		t.Errorf("%s: %s", res.Status, body)
	}
}

func TestEntraRefuses(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	for name, c := range map[string]struct {
		tenant, field, value string
		status               int
		code                 string
		number               int
	}{
		"tenant":       {"11111111-0000-4000-8000-000000000000", "", "", 400, "invalid_tenant", 90002},
		"no grant":     {TenantID, "grant_type", "", 400, "invalid_request", 900144},
		"wrong grant":  {TenantID, "grant_type", "password", 400, "unsupported_grant_type", 70003},
		"wrong client": {TenantID, "client_id", TenantID, 400, "unauthorized_client", 700016},
		"no secret":    {TenantID, "client_secret", "", 401, "invalid_client", 7000218},
		"wrong secret": {TenantID, "client_secret", "guess", 401, "invalid_client", 7000215},
		"wrong scope":  {TenantID, "scope", "https://graph.microsoft.com/.default", 400, "invalid_scope", 70011},
	} {
		t.Run(name, func(t *testing.T) {
			form := a.credentials()
			if c.field != "" {
				form.Set(c.field, c.value)
			}
			checkRefused(t, a, c.tenant, form, c.status, c.code, c.number)
		})
	}
}

func checkRefused(t *testing.T, a *app, tenant string, form url.Values, status int, code string, number int) {
	t.Helper()
	res, err := a.http.PostForm(a.LoginURL()+"/"+tenant+"/oauth2/v2.0/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Codes       []int  `json:"error_codes"`
		Timestamp   string `json:"timestamp"`
		Trace       string `json:"trace_id"`
		Correlation string `json:"correlation_id"`
	}
	if err := json.NewDecoder(res.Body).Decode(&e); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status || e.Error != code || len(e.Codes) != 1 || e.Codes[0] != number {
		t.Errorf("%s %+v, want %d %s %d", res.Status, e, status, code, number)
	}
	if !strings.HasPrefix(e.Description, "AADSTS") || e.Timestamp != "2026-03-18 12:00:00Z" || e.Trace == "" ||
		e.Correlation == "" {
		t.Errorf("incomplete: %+v", e)
	}
}

func TestUnknownTenantHasNoConfiguration(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	for tenant, want := range map[string]int{TenantID: 200, strings.ToUpper(TenantID): 200, ClientID: 400} {
		discovery := a.LoginURL() + "/" + tenant + "/v2.0/.well-known/openid-configuration"
		if res, _ := a.get(t, discovery); res.StatusCode != want {
			t.Errorf("%s: %s, want %d", tenant, res.Status, want)
		}
	}
}

func TestTokensExpireByGraphsClock(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	a := start(t, Config{Now: func() time.Time { return noon.Add(time.Duration(passed.Load())) }})
	for _, c := range []struct {
		passed time.Duration
		want   int
	}{{0, 200}, {3598 * time.Second, 200}, {3599 * time.Second, 401}} {
		passed.Store(int64(c.passed))
		if res, _ := a.get(t, a.pstnURL("v1.0", "2026-03-01", "2026-03-02")); res.StatusCode != c.want {
			t.Errorf("after %v: %s, want %d", c.passed, res.Status, c.want)
		}
	}
}

func TestOnlyABearerMayRead(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	for name, authorization := range map[string]string{
		"none": "", "invented": "Bearer guess", "basic": "Basic " + a.token,
	} {
		t.Run(name, func(t *testing.T) {
			res, body := a.get(
				t,
				a.pstnURL("beta", "2026-03-01", "2026-03-02"),
				"Authorization",
				authorization,
				"client-request-id",
				"mine",
			)
			if res.StatusCode != http.StatusUnauthorized ||
				!strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s, WWW-Authenticate %q", res.Status, res.Header.Get("WWW-Authenticate"))
			}
			checkError(t, res, body, "InvalidAuthenticationToken", "")
		})
	}
}

func TestDenied(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	for _, c := range []struct {
		denied bool
		want   int
	}{{true, 403}, {false, 200}} {
		a.SetDenied(c.denied)
		res, body := a.get(t, a.pstnURL("v1.0", "2026-03-01", "2026-03-02"), "client-request-id", "mine")
		if res.StatusCode != c.want {
			t.Errorf("denied %v: %s, want %d", c.denied, res.Status, c.want)
		}
		if c.denied {
			checkError(t, res, body, "Forbidden", "")
		}
	}
}
