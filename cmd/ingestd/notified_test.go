package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// A front stands before the daemon, ends TLS, and notes which call records it has taken notifications of.
type front struct {
	*httptest.Server
	pair    string                 // the daemon's own certificate, in its configuration; empty: it has none
	address atomic.Pointer[string] // of the daemon's listener; nil: not known yet

	mu    sync.Mutex
	taken []string
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{}
	f.Server = httptest.NewTLSServer(f)
	t.Cleanup(f.Close)
	return f
}

// certify has the daemon speak TLS, too, with the front's certificate.
func (f *front) certify(t *testing.T) {
	t.Helper()
	name, own := filepath.Join(t.TempDir(), "own.pem"), f.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for kind, der := range map[string][]byte{"CERTIFICATE": own.Certificate[0], "PRIVATE KEY": key} {
		add(t, name, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	}
	f.pair = fmt.Sprintf(", tls_certificate_file: %q, tls_key_file: %[1]q", name)
}

// dial connects to the daemon, over TLS if it speaks that, and offers protocols.
func (f *front) dial(t *testing.T, protocols ...string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", *f.address.Load())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if f.pair == "" {
		return conn
	}
	trusts := f.Client().Transport.(*http.Transport).TLSClientConfig
	return tls.Client(conn, &tls.Config{RootCAs: trusts.RootCAs, ServerName: "127.0.0.1", NextProtos: protocols})
}

// ServeHTTP asks the daemon once it listens, and answers as it does.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	for err == nil && f.address.Load() == nil {
		time.Sleep(2 * time.Millisecond)
		err = r.Context().Err()
	}
	if err != nil {
		return // the sender is gone
	}
	scheme := "http://"
	if f.pair != "" {
		scheme = "https://"
	}
	url := scheme + *f.address.Load() + r.URL.RequestURI()
	answer, err := f.Client().Post(url, r.Header.Get("Content-Type"), bytes.NewReader(body))
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusAccepted {
		f.note(body)
	}
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // Graph asks again
}

func (f *front) note(body []byte) {
	var told struct {
		Value []struct{ ResourceData struct{ ID string } }
	}
	_ = json.Unmarshal(body, &told) // a test's own body may be anything
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, item := range told.Value {
		f.taken = append(f.taken, item.ResourceData.ID)
	}
}

// takenSoFar are the call records that the daemon has taken notifications of.
func (f *front) takenSoFar() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.taken...)
}

// launch starts a daemon behind the front, and waits until it has subscribed. It returns where its page is, too.
func (f *front) launch(t *testing.T, dir string, tenant *graphsim.Server) (p *process, page string) {
	t.Helper()
	f.address.Store(nil)
	p = launch(t, dir, "run")
	for page == "" || f.address.Load() == nil { // either may be said first
		var said struct{ Listen, URL string }
		if err := json.Unmarshal([]byte(p.says(t, "ing ")), &said); err != nil {
			t.Fatal(err)
		}
		page = cmp.Or(said.URL, page)
		if said.Listen != "" {
			f.address.Store(&said.Listen)
		}
	}
	for tenant.Subscriptions() == 0 {
		time.Sleep(2 * time.Millisecond)
	}
	return p, page
}

// notified is a folder with a configuration for call records that Graph notifies of through a front.
func notified(t *testing.T, url string, tenant *graphsim.Server, f *front) (dir string) {
	t.Helper()
	dir = workplace(t, url, tenant, "call_records")
	addConfig(t, dir, fmt.Sprintf("notifications: {webhook: {public_url: %q, listen: \"127.0.0.1:0\"%s}}\n",
		f.URL+"/in", f.pair))
	return dir
}

// unlisted are call records of which one appears each second. No list names them, as they are to begin later.
func unlisted(n int) (records []graphsim.CallRecord) {
	for i := range n {
		records = append(records, graphsim.CallRecord{
			Start: begun.Add(day), Available: begun.Add(time.Duration(i+1) * time.Second),
			JSON: fmt.Appendf(nil, `{"id": "00000000-0000-4000-8000-%012d", "version": 1, "type": "groupCall",
				"startDateTime": %q, "endDateTime": %[2]q, "lastModifiedDateTime": %[2]q, "modalities": ["audio"],
				"sessions": [], "participants_v2": []}`, i, begun.Add(-time.Hour).Format(time.RFC3339)),
		})
	}
	return records
}

// TestKilledWhileNotified kills the daemon at random moments while Graph notifies of call records and it reads them:
// what it has answered 202 is read in the end, and Graph sends the rest again. No list names any of them.
func TestKilledWhileNotified(t *testing.T) {
	t.Parallel()
	const records = 100
	seed := time.Now().UnixNano()
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	t.Logf("seed %d", seed)
	var late atomic.Int64 // how far Graph's clock has moved on
	tenant := simulate(t, graphsim.Config{CallsPerDay: -1, Records: unlisted(records),
		Now: func() time.Time { return begun.Add(time.Duration(late.Load())) }})
	url, f := storetest.URL(t), newFront(t)
	conn, dir := storetest.Conn(t, url), notified(t, url, tenant, f)
	appear := func() {
		late.Add(int64(time.Second))
		tenant.Notify(t.Context())
	}
	kept := func() {
		t.Helper()
		if n := storetest.Query[int](t, conn, `
			SELECT count(*)
			FROM unnest($1::uuid[]) AS told (id)
			WHERE NOT EXISTS (SELECT FROM ingest.told_records WHERE call_id = id)
				AND NOT EXISTS (SELECT FROM teams.call_records c WHERE c.id = told.id AND details_version = 1)`,
			f.takenSoFar()); n > 0 {
			t.Fatalf("%d records are lost that were answered 202", n)
		}
	}
	for range timesKilled() {
		p, _ := f.launch(t, dir, tenant)
		for end := late.Load() + int64(1+rng.IntN(records/4))*int64(time.Second); late.Load() < end; {
			appear()
		}
		killer := time.AfterFunc(time.Duration(rng.Int64N(int64(100*time.Millisecond))), func() { p.Process.Kill() })
		for p.alive() {
			appear()
		}
		killer.Stop()
		kept()
	}
	p, _ := f.launch(t, dir, tenant)
	for range 30 { // until what was refused is sent again
		late.Add(int64(time.Minute))
		tenant.Notify(t.Context())
	}
	p.signal(t, os.Interrupt)
	p.exits(t, patience, exitOK)
	launch(t, dir, "once").exits(t, patience, exitOK)
	kept()
	whole := storetest.Query[int](t, conn, `SELECT count(*) FROM teams.call_records WHERE details_version = 1`)
	if whole != records {
		t.Errorf("%d records are stored whole, %d were told", whole, records)
	}
}

// TestHostileSendersOfDaemon has senders do to the daemon's listener what they can, behind a proxy and by a certificate
// of its own: its memory is bounded, it reads as before and takes notifications afterwards, nothing of theirs is in its
// log or on its page, and one that sends a byte a second is hung up on. HTTP/2 it does not speak, whoever offers it.
func TestHostileSendersOfDaemon(t *testing.T) {
	t.Parallel()
	t.Run("behind a proxy", func(t *testing.T) {
		t.Parallel()
		hostileSenders(t, newFront(t), 1000)
	})
	t.Run("by its own certificate", func(t *testing.T) {
		t.Parallel()
		f := newFront(t)
		f.certify(t)
		hostileSenders(t, f, 300) // a connection begins when there is room
	})
}

func hostileSenders(t *testing.T, f *front, number int) {
	t.Helper()
	const mark = "<b>evil\x1b[31m"
	var late atomic.Int64
	tenant := simulate(t, graphsim.Config{Seed: 1, Users: 20, CallsPerDay: -1, RecordsPerDay: 40, Records: unlisted(1),
		Now: func() time.Time { return begun.Add(time.Duration(late.Load())) }})
	url := storetest.URL(t)
	p, server := f.launch(t, notified(t, url, tenant, f), tenant)
	header := "POST /in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Evil: " + mark + "\r\n"
	large := `{"value": [` + strings.Repeat(`{"tenantId": "`+mark+`"}, `, 8000) + `{}]}`
	said := []string{
		"", "POST /in HT", header, header + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
		header + "Content-Length: 104857600\r\n\r\n" + strings.Repeat(" ", 300<<10),
		header + "Content-Length: 104857600\r\n\r\n{", header + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
		header + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(large), large),
		streams(1000), "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"\x00\xff" + mark + "\r\n\r\n", mark + " /in HTTP/1.1\r\n\r\n",
		"POST /" + mark + "/../in?validationToken=" + mark + " HTTP/1.1\r\nHost: x\r\n\r\n",
	}
	f.wantNoHTTP2(t)
	before := p.memory(t)
	var senders sync.WaitGroup
	for _, begin := range []string{"", header, header + "Content-Length: 1000\r\n\r\n", streams(1)} {
		conn := f.dial(t)
		senders.Go(func() { trickle(t, conn, begin) })
	}
	for n := range number {
		conn := f.dial(t)
		senders.Go(func() { _, _ = io.WriteString(conn, said[n%len(said)]) }) // it may be hung up on
	}
	await(t, url, upToDate)
	if status, page := get(t, server, "/"); status != http.StatusOK || strings.Contains(page, "evil") {
		t.Errorf("the page answers %d and repeats a sender's words: %v", status, strings.Contains(page, "evil"))
	}
	senders.Wait()
	for taken := 0; taken == 0; taken, _ = tenant.Notify(t.Context()) {
		late.Add(int64(time.Minute))
	}
	if grown := p.memory(t) - before; grown > 64<<10 {
		t.Errorf("the daemon has grown by %d kB", grown)
	}
	p.signal(t, os.Interrupt)
	p.exits(t, patience, exitOK)
	for line := range p.lines {
		if strings.Contains(line, "evil") {
			t.Errorf("the log repeats a sender: %s", line)
		}
	}
}

// streams begin HTTP/2, and so many requests of which none has an end.
func streams(n int) string {
	text := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00") // no settings
	for i := range n {
		text = append(text, "\x00\x00\x01\x01\x04"...)                          // a header of one byte, and no body yet
		text = append(binary.BigEndian.AppendUint32(text, uint32(2*i+1)), 0x83) // POST
	}
	return string(text)
}

// trickle begins to send and goes on with a byte a second, until it is hung up on.
func trickle(t *testing.T, conn net.Conn, begin string) {
	_, _ = io.WriteString(conn, begin) // it may be hung up on
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, conn) // it says why, or not
	}()
	late := time.After(patience)
	for {
		select {
		case <-ended:
			return
		case <-late:
			t.Errorf("after %.20q a byte a second is listened to for %v", begin, patience)
			return
		case <-time.After(time.Second):
			_, _ = io.WriteString(conn, "x")
		}
	}
}

// wantNoHTTP2 holds that the daemon speaks no HTTP/2 over TLS, where one connection is many requests.
func (f *front) wantNoHTTP2(t *testing.T) {
	t.Helper()
	if f.pair == "" {
		return
	}
	both := f.dial(t, "h2", "http/1.1").(*tls.Conn)
	err := both.HandshakeContext(t.Context())
	if spoken := both.ConnectionState().NegotiatedProtocol; err != nil || spoken != "http/1.1" {
		t.Errorf("it speaks %q where HTTP/2 is offered: %v", spoken, err)
	}
	if err := f.dial(t, "h2").(*tls.Conn).HandshakeContext(t.Context()); err == nil {
		t.Error("it speaks with who offers HTTP/2 alone")
	}
}

// memory is the most memory that the process has had so far, in kB.
func (p *process) memory(t *testing.T) (kB int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		t.Fatal(err)
	}
	return kB
}
