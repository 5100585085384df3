package graphsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
)

// got is what a plain client sees.
type got struct {
	err     error // of the request
	res     *http.Response
	sent    []byte // the body as it came
	sentErr error
	body    []byte // unpacked
	bodyErr error
}

// fetch asks for compression and follows no redirect.
func (a *app) fetch(t *testing.T, url, encoding string) (g got) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Accept-Encoding", encoding)
	client := http.Client{
		Transport:     a.http.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if g.res, g.err = client.Do(req); g.err != nil {
		return g
	}
	defer g.res.Body.Close()
	g.sent, g.sentErr = io.ReadAll(g.res.Body)
	g.body, g.bodyErr = g.sent, g.sentErr
	if g.res.Header.Get("Content-Encoding") == "gzip" {
		g.body, g.bodyErr = unpack(g.sent)
	}
	return g
}

func unpack(sent []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(sent))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// always is a switchboard.
func always(f Fault) func(Request) Fault { return func(Request) Fault { return f } }

func header(name string) func(got) string {
	return func(g got) string { return g.res.Header.Get(name) }
}

func status(g got) string { return strconv.Itoa(g.res.StatusCode) }

func text(g got) string { return string(g.body) }

// shape says how a body reads: as a page, or why not.
func shape(g got) string {
	var page struct {
		Value *[]json.RawMessage
		Error *struct{ Code string }
	}
	switch err := json.Unmarshal(g.body, &page); {
	case g.bodyErr != nil:
		return g.bodyErr.Error()
	case len(g.body) == 0:
		return "empty"
	case err != nil:
		return "not JSON"
	case page.Error != nil:
		return "error " + page.Error.Code
	case page.Value == nil:
		return "no value"
	}
	return "page"
}

func TestFaultsAsAClientSeesThem(t *testing.T) {
	t.Parallel()
	skewed := noon.Add(3 * time.Hour)
	for name, c := range map[string]struct {
		fault Fault
		see   func(got) string
		want  string
	}{
		"none":                    {Fault{}, shape, "page"},
		"status":                  {Fault{Status: 503}, status, "503"},
		"status, documented body": {Fault{Status: 503}, shape, "error ServiceUnavailable"},
		"throttled":               {Fault{Status: 429}, shape, "error TooManyRequests"},
		"throttled, no header":    {Fault{Status: 429}, header("Retry-After"), ""},
		"Retry-After":             {Fault{Status: 429, RetryAfter: "2.128"}, header("Retry-After"), "2.128"},
		"Retry-After verbatim":    {Fault{Status: 503, RetryAfter: "10, 20"}, header("Retry-After"), "10, 20"},
		"lost link":               {Fault{Status: 410}, shape, "error Gone"},
		"status, empty body":      {Fault{Status: 500, Body: EmptyBody}, shape, "empty"},
		"status, HTML":            {Fault{Status: 502, Body: HTMLBody}, header("Content-Type"), "text/html"},
		"HTML":                    {Fault{Body: HTMLBody}, shape, "not JSON"},
		"text":                    {Fault{Body: TextBody}, shape, "not JSON"},
		"text, its type":          {Fault{Body: TextBody}, header("Content-Type"), "text/plain"},
		"garbage":                 {Fault{Body: GarbageBody}, shape, "not JSON"},
		"trailing bytes":          {Fault{Body: TrailingBody}, shape, "not JSON"},
		"empty":                   {Fault{Body: EmptyBody}, shape, "empty"},
		"null":                    {Fault{Body: NullBody}, text, "null"},
		"no value":                {Fault{Body: NoValueBody}, shape, "no value"},
		"error with 200":          {Fault{Body: ErrorBody}, shape, "error OK"},
		"error with 200, status":  {Fault{Body: ErrorBody}, status, "200"},
		"redirect": {
			Fault{Redirect: "https://elsewhere.example/"}, header("Location"), "https://elsewhere.example/",
		},
		"redirect, status":       {Fault{Redirect: "/x"}, status, "302"},
		"redirect, other status": {Fault{Redirect: "/x", Status: 307}, status, "307"},
		"skewed date":            {Fault{Date: skewed}, header("Date"), "Wed, 18 Mar 2026 15:00:00 GMT"},
		"wrong checksum":         {Fault{Gzip: ChecksumGzip}, shape, "gzip: invalid checksum"},
		"short gzip":             {Fault{Gzip: ShortGzip}, shape, "unexpected EOF"},
		"cut":                    {Fault{Cut: 100}, shape, "unexpected EOF"},
		"cut, status":            {Fault{Cut: 100}, status, "200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{})
			a.SetFaults(always(c.fault))
			g := a.fetch(t, a.url("getDirectRoutingCalls", "v1.0", "2026-03-10", "2026-03-11"), "gzip")
			if g.err != nil {
				t.Fatal(g.err)
			}
			if got := c.see(g); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			a.SetFaults(nil)
			url := a.url("getDirectRoutingCalls", "v1.0", "2026-03-10", "2026-03-11")
			if got := shape(a.fetch(t, url, "gzip")); got != "page" {
				t.Errorf("without faults: %s", got)
			}
		})
	}
}

// Whatever the damage to the compression, HTTP itself delivers all of it.
func TestGzipDamageIsNoneOfHTTPs(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	url := a.pstnURL("v1.0", "2026-03-10", "2026-03-11")
	whole := a.fetch(t, url, "gzip")
	for name, damage := range map[string]Gzip{"checksum": ChecksumGzip, "short": ShortGzip} {
		a.SetFaults(always(Fault{Gzip: damage}))
		g := a.fetch(t, url, "gzip")
		if g.sentErr != nil || len(g.sent) == 0 || damage == ChecksumGzip != (len(g.sent) == len(whole.sent)) {
			t.Errorf("%s: %d of %d bytes, %v", name, len(g.sent), len(whole.sent), g.sentErr)
		}
		if damage == ChecksumGzip && !bytes.Equal(g.body, whole.body) {
			t.Errorf("%s: the rows are damaged", name)
		}
		if plain := a.fetch(t, url, "identity"); shape(plain) != "page" {
			t.Errorf("%s: uncompressed: %s", name, shape(plain))
		}
	}
}

func TestCutsAreWhereTheyAreWanted(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	url := a.pstnURL("v1.0", "2026-03-10", "2026-03-10T12:00:00Z")
	for _, encoding := range []string{"gzip", "identity"} {
		a.SetFaults(nil)
		whole := len(a.fetch(t, url, encoding).sent)
		for _, cut := range []int{1, 2, whole / 2, whole - 1, whole, whole + 1000} {
			a.SetFaults(always(Fault{Cut: cut}))
			g := a.fetch(t, url, encoding)
			if want := min(cut, whole); g.err != nil || len(g.sent) != want ||
				!errors.Is(g.sentErr, io.ErrUnexpectedEOF) {
				t.Errorf("%s cut after %d of %d: %d bytes, %v, %v", encoding, cut, whole, len(g.sent), g.err, g.sentErr)
			}
		}
		a.SetFaults(always(Fault{Cut: -1}))
		if g := a.fetch(t, url, encoding); g.err == nil {
			t.Errorf("%s: an answer where there should be none: %s", encoding, g.res.Status)
		}
	}
	if rows := a.Requests().Rows["getPstnCalls"]; rows > 2000 {
		t.Errorf("%d rows counted; those of broken pages are not served", rows)
	}
}

// A stalled body ends when the client gives up or when the server closes.
func TestStall(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	a.SetFaults(always(Fault{Stall: true}))
	for _, c := range []struct {
		name string
		end  func(*http.Response) error
	}{
		{"client goes away", func(res *http.Response) error { return res.Body.Close() }},
		{"server closes", func(*http.Response) error { return a.Close() }},
	} {
		req, err := http.NewRequest("GET", a.pstnURL("v1.0", "2026-03-10", "2026-03-11"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+a.token)
		res, err := a.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		checkStalled(t, c.name, res, c.end)
	}
}

func checkStalled(t *testing.T, name string, res *http.Response, end func(*http.Response) error) {
	t.Helper()
	part := make([]byte, 1000)
	if _, err := io.ReadFull(res.Body, part); err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: %s, %v", name, res.Status, err)
	}
	read := make(chan error)
	go func() {
		_, err := io.Copy(io.Discard, res.Body)
		read <- err
	}()
	select {
	case err := <-read:
		t.Fatalf("%s: the body ended: %v", name, err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := end(res); err != nil {
		t.Error(err)
	}
	if err := <-read; err == nil {
		t.Errorf("%s: the body ended well", name)
	}
}

func TestOversized(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	const size = 4 << 20
	a.SetFaults(always(Fault{Oversized: size}))
	for _, encoding := range []string{"gzip", "identity"} {
		g := a.fetch(t, a.pstnURL("v1.0", "2026-03-10", "2026-03-11"), encoding)
		if g.err != nil || len(g.body) < size || len(g.body) > size*11/10 || shape(g) != "page" {
			t.Errorf("%s: %d bytes, %s, %v", encoding, len(g.body), shape(g), g.err)
		}
		if encoding == "gzip" && len(g.sent) > size/50 {
			t.Errorf("%d bytes sent", len(g.sent))
		}
	}
}

func TestNextLinkIsReplaced(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 1500})
	first := a.pstnURL("v1.0", "2026-03-09", "2026-03-11")
	for name, c := range map[string]struct{ url, link string }{
		"foreign host":     {first, "https://graph.example.invalid/v1.0/"},
		"relative":         {first, "getPstnCalls?$skip=1000"},
		"plain HTTP":       {first, "http" + strings.TrimPrefix(first, "https")},
		"loop":             {first, first},
		"quoting":          {first, `a"b`},
		"on the last page": {first + "?$skip=2000", first},
	} {
		a.SetFaults(always(Fault{NextLink: c.link}))
		var page pageBody
		if _, body := a.get(t, c.url); json.Unmarshal(body, &page) != nil || page.Next != c.link {
			t.Errorf("%s: link %q", name, page.Next)
		}
	}
}

func TestShiftedPages(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 3000})
	from, to := noon.AddDate(0, 0, -8).Truncate(24*time.Hour), noon.AddDate(0, 0, -7).Truncate(24*time.Hour)
	all := served(a, from, to)
	for shift, want := range map[int][]string{
		0:    all[1000:2000],
		7:    all[993:1993],  // seven were inserted: the last seven of the page before come again
		-7:   all[1007:2007], // seven have left: seven are never seen
		5000: all[:1000],     // no page begins before the first row
	} {
		a.SetFaults(func(r Request) Fault {
			if r.Skip == 1000 {
				return Fault{Shift: shift}
			}
			return Fault{}
		})
		_, body := a.get(t, a.pstnURL("v1.0", from.Format(time.DateOnly), to.Format(time.DateOnly))+"?$skip=1000")
		var page pageBody
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, row := range page.Value {
			rows = append(rows, string(row))
		}
		if !slices.Equal(rows, want) || !strings.HasSuffix(page.Next, "skip=2000") {
			t.Errorf("shift %d: another page, then %s", shift, page.Next)
		}
	}
}

func TestPoisonIsServedVerbatim(t *testing.T) {
	t.Parallel()
	for name, calls := range map[string]int{"after rows": 600, "alone": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{CallsPerDay: calls})
			a.SetFaults(always(Fault{Poison: [][]byte{[]byte(`{"id":"\ud800"}`), []byte(`17`)}}))
			_, body := a.get(t, a.url("getSmsLog", "beta", "2026-03-10", "2026-03-11"))
			var page pageBody
			if err := json.Unmarshal(body, &page); err != nil {
				t.Fatal(err)
			}
			if page.Count != len(page.Value) || !bytes.HasSuffix(body, []byte(`{"id":"\ud800"},17]}`)) {
				t.Errorf("%d of %d elements: %s", len(page.Value), page.Count, body)
			}
		})
	}
}

// The switchboard sees what was asked, and only what would be answered well.
func TestRequestsOfTheSwitchboard(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	var mu sync.Mutex
	var seen []Request
	a.SetFaults(func(r Request) Fault {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
		return Fault{}
	})
	url := a.url("getSmsLog", "beta", "2026-03-10", "2026-03-11T06:00:00Z") + "?$skip=1"
	a.get(t, url)
	a.get(t, url, "Authorization", "Bearer guess")
	a.get(t, a.url("getSmsLog", "beta", "2026-03-11", "2026-03-10"))
	wrong := a.credentials()
	wrong.Set("client_secret", "guess")
	checkRefused(t, a, TenantID, wrong, 401, "invalid_client", 7000215)
	a.newToken(t)
	a.get(t, url)
	page := Request{Operation: "getSmsLog", URL: url, Now: noon, API: "beta", Skip: 1,
		From: time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 3, 11, 6, 0, 0, 0, time.UTC)}
	again := page
	again.N = 1
	token := Request{
		Operation: "token",
		N:         1,
		URL:       a.LoginURL() + "/" + TenantID + "/oauth2/v2.0/token",
		Now:       noon,
	} // start had the first
	if diff := cmp.Diff([]Request{page, token, again}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEntraHasFaultsToo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  Fault
		status int
		want   string // of the body
	}{
		"internal error": {Fault{Status: 500}, 500, "AADSTS90033"},
		"throttled":      {Fault{Status: 429, RetryAfter: "1"}, 429, "AADSTS90055"},
		"error with 200": {Fault{Body: ErrorBody}, 200, "AADSTS90033"},
		"garbage":        {Fault{Body: GarbageBody}, 200, "\x01\xff"},
		"HTML":           {Fault{Body: HTMLBody}, 200, "<!DOCTYPE html>"},
		"no token":       {Fault{Body: NoValueBody}, 200, `{"@odata.count":0}`},
		"null":           {Fault{Body: NullBody}, 200, "null"},
		"fine":           {Fault{}, 200, `"access_token"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{})
			a.SetFaults(always(c.fault))
			res, err := a.http.PostForm(a.LoginURL()+"/"+TenantID+"/oauth2/v2.0/token", a.credentials())
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != c.status || !strings.Contains(string(body), c.want) {
				t.Errorf("%s, %v: %s", res.Status, err, body)
			}
			if got := res.Header.Get("Retry-After"); got != c.fault.RetryAfter {
				t.Errorf("Retry-After %q", got)
			}
		})
	}
}
