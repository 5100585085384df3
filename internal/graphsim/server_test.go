package graphsim

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon of a Wednesday, long after everything of the weeks before has settled.
var noon = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// app is the registered application, as a client of one server.
type app struct {
	*Server
	http  *http.Client
	token string
}

func start(tb testing.TB, cfg Config) *app {
	tb.Helper()
	if cfg.Now == nil {
		cfg.Now = at(noon)
	}
	s, err := Start(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.CAPEM())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableCompression: true}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	a := &app{Server: s, http: &http.Client{Transport: transport}}
	a.token = a.newToken(tb)
	return a
}

func (a *app) credentials() url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {ClientID},
		"client_secret": {ClientSecret}, "scope": {a.GraphURL() + "/.default"}}
}

func (a *app) newToken(tb testing.TB) string {
	tb.Helper()
	res, err := a.http.PostForm(a.LoginURL()+"/"+TenantID+"/oauth2/v2.0/token", a.credentials())
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		tb.Fatalf("no token: %s, %v", res.Status, err)
	}
	return answer.Token
}

func (a *app) get(tb testing.TB, url string, header ...string) (*http.Response, []byte) {
	tb.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := a.http.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res, body
}

func (a *app) pstnURL(version, from, to string) string {
	return a.url("getPstnCalls", version, from, to)
}

func (a *app) url(operation, version, from, to string) string {
	return a.GraphURL() + "/" + version + "/communications/callRecords/" + operation +
		"(fromDateTime=" + from + ",toDateTime=" + to + ")"
}

type pageBody struct {
	Context string            `json:"@odata.context"`
	Count   int               `json:"@odata.count"`
	Value   []json.RawMessage `json:"value"`
	Next    string            `json:"@odata.nextLink"`
}

func decodePage(tb testing.TB, body []byte) (page pageBody) {
	tb.Helper()
	if err := json.Unmarshal(body, &page); err != nil {
		tb.Fatalf("%v: %.300s", err, body)
	}
	return page
}

// window reads all pages of a window.
func (a *app) window(tb testing.TB, version, from, to string) (rows []string, pages []string) {
	tb.Helper()
	return a.read(tb, a.pstnURL(version, from, to))
}

// read follows the links from a page to the last.
func (a *app) read(tb testing.TB, url string) (rows []string, pages []string) {
	tb.Helper()
	for next := url; next != ""; {
		if len(pages) == 100 {
			tb.Fatal("100 pages and no end")
		}
		res, body := a.get(tb, next)
		if res.StatusCode != http.StatusOK {
			tb.Fatalf("%s: %s: %s", next, res.Status, body)
		}
		var page pageBody
		if err := json.Unmarshal(body, &page); err != nil {
			tb.Fatalf("page of %s: %v", next, err)
		}
		if page.Count != len(page.Value) {
			tb.Errorf("@odata.count %d of a page of %d rows", page.Count, len(page.Value))
		}
		for _, row := range page.Value {
			rows = append(rows, string(row))
		}
		pages, next = append(pages, string(body)), page.Next
	}
	return rows, pages
}

// members of one row that tests look at.
type members struct {
	ID, CallType, CallerNumber, CalleeNumber, UsageCountryCode string
	CallID, ConferenceID, Currency, LicenseCapability, UserID  *string
	UserPrincipalName, OtherPartyCountryCode                   *string
	StartDateTime, EndDateTime                                 time.Time
	Duration                                                   int
	Charge                                                     json.Number
}

func decode(tb testing.TB, row string) (m members) {
	tb.Helper()
	if err := json.Unmarshal([]byte(row), &m); err != nil {
		tb.Fatalf("%v: %s", err, row)
	}
	return m
}

// idOf reads a generated row, which begins with its id.
func idOf(row string) string { return row[len(`{"id":"`):][:36] }

func served(a *app, from, to time.Time) (rows []string) {
	return texts(a.PSTNCalls(from, to))
}

func texts(rows iter.Seq[[]byte]) (list []string) {
	for row := range rows {
		list = append(list, string(row))
	}
	return list
}

func (m members) outbound() bool { return strings.Contains(m.CallType, "_out") }
