// Package doctor looks for what is wrong, from the configuration to Graph, and
// says what to do about it. It knows what facts mean; it asks fetch, store and
// health for them. It must not know SQL, how HTTP is spoken or how a finding
// looks.
package doctor

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/notify"
	"ingestd/internal/store"
)

// A Status is how a check ended.
type Status string

// Statuses.
const (
	OK   Status = "ok"
	Note Status = "note" // nothing wrong, and good to know
	Warn Status = "warn" // works, and may not for long
	Fail Status = "fail"
	Skip Status = "skip" // not checked, as what it depends on failed
)

// A Word is a text that is null in JSON where there is none.
type Word string

// MarshalJSON writes an empty word as null.
func (w Word) MarshalJSON() ([]byte, error) {
	if w == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(w))
}

// A Finding is the end of one check. Its JSON is a contract for scripts.
type Finding struct {
	Area     string   `json:"area"` // config, database, daemon, a tenant's name or retention
	Tenant   Word     `json:"tenant"`
	Endpoint Word     `json:"endpoint"`
	Status   Status   `json:"status"`
	Code     Word     `json:"code"` // of package health
	What     string   `json:"what"`
	Evidence Word     `json:"evidence"` // lines
	Fix      []string `json:"fix"`
	First    string   `json:"-"` // the fix in a few words
}

// Areas that are not a tenant's.
const (
	areaConfig    = "config"
	areaDatabase  = "database"
	areaDaemon    = "daemon"
	areaRetention = "retention"
)

// A Subject is what is examined.
type Subject struct {
	Config  *config.Config
	Tenants []config.Tenant // of Config, those that are asked for
	DB      *store.DB
	Client  func(config.Tenant) (*fetch.Client, error) // one that repeats nothing
	Erased  func(context.Context, config.Tenant) error // fails if who was erased would not be known again
	Clouds  []Cloud
	Hub     *notify.Hub // that Graph sends notifications to; nil: to none
	Offline bool        // neither Entra nor Graph is asked
	Now     time.Time
}

// patience is how long the database and each tenant may take.
const patience = 10 * time.Second

// Examine looks at everything. The findings come in the order in which one is
// likely to be the cause of the next.
func (s *Subject) Examine(ctx context.Context) []Finding {
	areas := make([][]Finding, len(s.Tenants))
	var running sync.WaitGroup
	for i, t := range s.Tenants {
		running.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			areas[i] = s.tenant(ctx, t)
		})
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	database := s.database(bounded)
	daemon, retention := s.standing(bounded, database)
	running.Wait()
	return slices.Concat(s.config(), s.webhook(bounded), s.eventHub(bounded), database, daemon,
		slices.Concat(areas...), retention)
}

// onlyWait is the first step where there is none.
const onlyWait = "wait"

// ExitCode is 0 where nothing is wrong, 4 for failed authentication or consent,
// and else 3.
func ExitCode(findings []Finding) int {
	code := 0
	for _, f := range findings {
		switch {
		case f.Status == Fail && health.Code(f.Code).IsDenial():
			return 4
		case f.wrong():
			code = 3
		}
	}
	return code
}

func (f Finding) wrong() bool { return f.Status == Fail || f.Status == Warn }

// waits reports whether nothing can be done but to wait.
func (f Finding) waits() bool { return f.First == onlyWait }

// Problems are the findings that ask for something to be done, the most urgent
// first: failures, then warnings, then what heals by itself.
func Problems(findings []Finding) []Finding {
	problems := slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return !f.wrong() })
	urgency := func(f Finding) int {
		switch {
		case f.waits():
			return 2
		case f.Status == Warn:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(problems, func(a, b Finding) int { return urgency(a) - urgency(b) })
	return problems
}
