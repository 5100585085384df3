package graphsim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"ingestd/internal/bench"
)

// The benchmarks measure the simulator with its client, which runs in the same
// process. Their floor is the same client with a server that only sends the
// same bodies.

var nextLink = regexp.MustCompile(`"@odata\.nextLink":"([^"]+)"`)

// Both logs have some 100,000 rows in their window.

func BenchmarkWindow(b *testing.B) {
	benchmarkWindow(b, "getPstnCalls", 5000)
}

func BenchmarkDirectRoutingWindow(b *testing.B) {
	benchmarkWindow(b, "getDirectRoutingCalls", 10_000)
}

func benchmarkWindow(b *testing.B, operation string, callsPerDay int) {
	for _, encoding := range []string{"gzip", "identity"} {
		b.Run(encoding, func(b *testing.B) {
			a := start(b, Config{CallsPerDay: callsPerDay})
			before := a.Requests().Rows[operation]
			var pages [][]byte
			b.ReportAllocs()
			for b.Loop() {
				pages = pages[:0]
				for url := a.url(operation, "v1.0", "2026-01-15", "2026-02-14"); url != ""; {
					body, page := a.answer(b, url, encoding)
					pages = append(pages, body)
					url = linkOf(page)
				}
			}
			rows := float64(a.Requests().Rows[operation] - before)
			bench.Report(b, rows/b.Elapsed().Seconds(), "rows/s")
			bench.Report(b, perOp(b)/floor(b, pages, encoding), "x-floor")
		})
	}
}

// BenchmarkCallRecords reads a record as a client does: the list, the sessions
// with segments and the participants, but for their further pages.
func BenchmarkCallRecords(b *testing.B) {
	for _, encoding := range []string{"gzip", "identity"} {
		b.Run(encoding, func(b *testing.B) {
			a := start(b, Config{})
			listURL := a.recordURL(between(noon.AddDate(0, 0, -8), noon.AddDate(0, 0, -6)))
			list, _, _ := a.follow(b, listURL)
			var bodies [][]byte // of the first 60 records, and of the list before them
			read := func(url string) {
				if body, _ := a.answer(b, url, encoding); len(bodies) < 1+2*60 {
					bodies = append(bodies, body)
				}
			}
			n := 0
			for b.Loop() {
				if n%60 == 0 {
					read(listURL)
				}
				id := decodeRecord(b, list[n%len(list)]).ID
				read(a.recordURL("/" + id + "?$expand=sessions($expand=segments)"))
				read(a.recordURL("/" + id + "?$expand=participants_v2"))
				n++
			}
			bench.Report(b, float64(n)/b.Elapsed().Seconds(), "records/s")
			bench.Report(b, perOp(b)*float64(min(n, 60))/floor(b, bodies, encoding), "x-floor")
		})
	}
}

// answer returns the body of an answer as it was sent, and its text.
func (a *app) answer(b *testing.B, url, encoding string) (body, text []byte) {
	b.Helper()
	res, body := a.get(b, url, "Accept-Encoding", encoding)
	if res.StatusCode != http.StatusOK {
		b.Fatal(res.Status)
	}
	if encoding != "gzip" {
		return body, body
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	if text, err = io.ReadAll(reader); err != nil {
		b.Fatal(err)
	}
	return body, text
}

// linkOf returns the link to the next page; it stands near an end of the page.
func linkOf(page []byte) string {
	for _, part := range [][]byte{page[:min(400, len(page))], page[max(0, len(page)-400):]} {
		if m := nextLink.FindSubmatch(part); m != nil {
			return string(m[1])
		}
	}
	return ""
}

// perOp returns the seconds that one round of the benchmark took.
func perOp(b *testing.B) float64 { return b.Elapsed().Seconds() / float64(b.N) }

// floor returns the seconds that the client takes to read the bodies from a
// server that only sends them.
func floor(b *testing.B, bodies [][]byte, encoding string) float64 {
	b.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("Content-Type", "application/json")
		w.Write(bodies[n])
	}))
	defer server.Close()
	plain := &app{http: server.Client()}
	began := time.Now()
	for n := range bodies {
		plain.answer(b, fmt.Sprintf("%s/%d", server.URL, n), encoding)
	}
	return time.Since(began).Seconds()
}
