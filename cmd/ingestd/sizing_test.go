package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/golden"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// takes says what one of each takes, in bytes unless it says otherwise.
// TestToolsSizing measures it.
var takes = map[string]float64{
	"rows of a record":        62,
	"requests of a record":    2.01,
	"record":                  21_500,
	"record, WAL":             28_000,
	"record alone, WAL":       147_000,
	"log row":                 680,
	"log row, WAL":            1020,
	"log row alone, WAL":      17_000,
	"rollups of a person":     1650, // on a working day
	"row that is pruned, WAL": 136,
	"run":                     358,
	"slot":                    202,
}

// TestSizing holds docs/sizing.md to its formulas.
func TestSizing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/sizing.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	page := template.New("sizing").Funcs(template.FuncMap{
		"takes": func(what string) (float64, error) {
			if takes[what] == 0 {
				return 0, fmt.Errorf("nothing is known of %q", what)
			}
			return takes[what], nil
		},
		"short": short, "count": inWords, "bytes": inBytes, "time": inTime, "percent": inPercent,
		"yearly": yearly, "needs": connections(t),
	})
	var out strings.Builder
	if _, err := page.Parse(string(text)); err != nil {
		t.Fatal(err)
	}
	if err := page.Execute(&out, sizes()); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "../../docs/sizing.md", out.String())
}

// A size is how much there is of everything.
type size struct {
	Name            string
	Tenants, People float64
	Records, Logs   float64 // of a person on a working day
}

// sizes are those of the page: each with a day of few calls, and one of many.
func sizes() (list []size) {
	for _, s := range []size{
		{Name: "1,000 people", Tenants: 1, People: 1000},
		{Name: "10,000 people", Tenants: 1, People: 10_000},
		{Name: "100,000 people", Tenants: 1, People: 100_000},
		{Name: "1,000,000 people", Tenants: 1, People: 1_000_000},
		{Name: "1,000 tenants of 200 people", Tenants: 1000, People: 200_000},
	} {
		few, many := s, s
		few.Records, few.Logs = 1, 1
		many.Records, many.Logs = 3, 4
		list = append(list, few, many)
	}
	return list
}

const (
	workingDays = 250
	// workingDaysKept are those of the 30 days for which Graph keeps call records.
	workingDaysKept = 22
)

// Rows and Disk are those of a working day.
func (s size) Rows() float64 { return s.People * (s.Records*takes["rows of a record"] + s.Logs) }

func (s size) Disk() float64 {
	return s.People * (s.Records*takes["record"] + s.Logs*takes["log row"] + takes["rollups of a person"])
}

// DiskOfYear is what is there after the first year.
func (s size) DiskOfYear() float64 { return workingDays*s.Disk() + s.Ledger() }

// WAL and MostWAL are what a working day writes to the log, if all is read at once and if
// it is read as it comes.
func (s size) WAL() float64 {
	return s.People * (s.Records*takes["record, WAL"] + s.Logs*takes["log row, WAL"])
}

func (s size) MostWAL() float64 {
	return s.People * (s.Records*takes["record alone, WAL"] + s.Logs*takes["log row alone, WAL"])
}

// PerSecond are the records of a second, over eight hours.
func (s size) PerSecond() float64 { return s.People * s.Records / (8 * 3600) }

// Pruned is what is written to delete the rows of a working day.
func (s size) Pruned() float64 { return s.Rows() * takes["row that is pruned, WAL"] }

func yearly(daily float64) float64 { return workingDays * daily }

// Ledger is what the tenants' runs, which are kept for 90 days, and a year of their
// slots take.
func (s size) Ledger() float64 {
	var runs, slots float64 // a day
	for _, e := range fetch.Endpoints {
		p := schedule.PolicyOf(e)
		runs += (24 * time.Hour).Hours() / p.Rereads[0].Every.Hours()
		slots += (24 * time.Hour).Hours() / p.Slot.Hours()
	}
	return s.Tenants * (90*runs*takes["run"] + 365*slots*takes["slot"])
}

// requestsASecond is how many requests a second are made at a limit.
func requestsASecond(l fetch.Limit) float64 { return 0.97 * float64(l.Requests) / l.Per.Seconds() }

// Used is how much of what Graph allows in 24 hours a tenant's records of a working
// day take.
func (s size) Used() float64 { return s.recordSeconds() / (24 * 3600) }

// recordSeconds is how long the records of a working day are read at Graph's limit.
func (s size) recordSeconds() float64 {
	requests := s.People / s.Tenants * s.Records * takes["requests of a record"]
	return requests / requestsASecond(fetch.DefaultLimits().CallRecords)
}

// Records30 is how long it takes until all records that Graph keeps are read at its
// limit, with those that come meanwhile.
func (s size) Records30() float64 { return caughtUp(workingDaysKept, s.recordSeconds()) }

// Logs365 is that of a year of one log, a thousand rows a page.
func (s size) Logs365() float64 {
	pages := s.People / s.Tenants * s.Logs / 1000
	return caughtUp(workingDays, pages/requestsASecond(fetch.DefaultLimits().LogFunction))
}

// caughtUp is how long it takes to read some working days and all that come meanwhile,
// each in so many seconds.
func caughtUp(days, each float64) float64 { return days * each / (1 - workingDays/365.*each/(24*3600)) }

// connections tells how many connections a daemon needs.
func connections(t *testing.T) func() int {
	db, err := store.Open("postgres://localhost/teams?sslmode=disable", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db.Needs
}

// short is a number with two digits that are not zero.
func short(n float64) string {
	digits := 1 - int(math.Floor(math.Log10(n)))
	unit := math.Pow10(-digits)
	return strconv.FormatFloat(math.Round(n/unit)*unit, 'f', max(0, digits), 64)
}

func inWords(n float64) string {
	for _, u := range []struct {
		from, unit float64
		word       string
	}{{1e9, 1e9, " billion"}, {1e6, 1e6, " million"}, {1e4, 1e3, ",000"}} {
		if n >= u.from {
			return short(n/u.unit) + u.word
		}
	}
	return short(n)
}

func inBytes(n float64) string {
	for _, unit := range []string{"B", "KB", "MB", "GB"} {
		if n < 995 {
			return short(n) + " " + unit
		}
		n /= 1000
	}
	return short(n) + " TB"
}

func inTime(seconds float64) string {
	switch {
	case seconds < 90:
		return "a minute"
	case seconds < 90*60:
		return short(seconds/60) + " min"
	case seconds < 36*3600:
		return short(seconds/3600) + " h"
	}
	return short(seconds/86400) + " days"
}

func inPercent(share float64) string {
	if share < 0.01 {
		return "< 1 %"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}
