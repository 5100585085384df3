package graphsim

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/klauspost/compress/gzip"
)

var nextLink = regexp.MustCompile(`"@odata\.nextLink":"([^"]+)"`)

// The client runs in the same process; what it does is on the bill. Both logs
// have some 100,000 rows in their window.
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
			b.ReportAllocs()
			for b.Loop() {
				for url := a.url(operation, "v1.0", "2026-01-15", "2026-02-14"); url != ""; {
					url = a.next(b, url, encoding)
				}
			}
			rows := float64(a.Requests().Rows[operation] - before)
			b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// next reads a page and returns the link to the one after it.
func (a *app) next(b *testing.B, url, encoding string) string {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Accept-Encoding", encoding)
	res, err := a.http.Do(req)
	if err != nil || res.StatusCode != 200 {
		b.Fatal(res, err)
	}
	defer res.Body.Close()
	var page bytes.Buffer
	var body io.Reader = res.Body
	if encoding == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := page.ReadFrom(body); err != nil {
		b.Fatal(err)
	}
	for _, part := range [][]byte{page.Bytes()[:min(400, page.Len())], page.Bytes()[max(0, page.Len()-400):]} {
		if m := nextLink.FindSubmatch(part); m != nil {
			return string(m[1])
		}
	}
	return ""
}

// BenchmarkGenerate is the share of making up calls, without JSON.
func BenchmarkGenerate(b *testing.B) {
	p := pstnCalls{newCompany(Config{Now: at(noon), CallsPerDay: 10_000}.withDefaults())}
	rows := 0
	today, _ := floorDiv(ticks(noon), day)
	for b.Loop() {
		rows += len(p.generate(today))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
}

// BenchmarkJSON is the share of writing it.
func BenchmarkJSON(b *testing.B) {
	p := pstnCalls{newCompany(Config{Now: at(noon), CallsPerDay: 10_000}.withDefaults())}
	today, _ := floorDiv(ticks(noon), day)
	rows := p.generate(today)
	var buf []byte
	n := 0
	for b.Loop() {
		buf = rows[n%len(rows)].appendJSON(buf[:0], form{priced: true})
		n++
	}
	b.SetBytes(int64(len(buf)))
}

// A record is read as a client does: the list, the sessions with segments and
// the participants, but for their further pages.
func BenchmarkCallRecords(b *testing.B) {
	for _, encoding := range []string{"gzip", "identity"} {
		b.Run(encoding, func(b *testing.B) {
			a := start(b, Config{})
			list, _, _ := a.follow(b, a.recordURL(between(noon.AddDate(0, 0, -8), noon.AddDate(0, 0, -6))))
			n := 0
			for b.Loop() {
				if n%60 == 0 {
					a.get(b, a.recordURL(between(noon.AddDate(0, 0, -8), noon.AddDate(0, 0, -6))))
				}
				id := decodeRecord(b, list[n%len(list)]).ID
				a.get(b, a.recordURL("/"+id+"?$expand=sessions($expand=segments)"), "Accept-Encoding", encoding)
				a.get(b, a.recordURL("/"+id+"?$expand=participants_v2"), "Accept-Encoding", encoding)
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkDocuments is the share of writing them.
func BenchmarkDocuments(b *testing.B) {
	a := start(b, Config{})
	list := a.records.listed(a.Server.window("v1.0", noon.AddDate(0, 0, -20), noon.AddDate(0, 0, -10)))
	n, bytes := 0, 0
	for b.Loop() {
		bytes += len(whole(list[n%len(list)]))
		n++
	}
	b.SetBytes(int64(bytes / n))
}
