package health

import (
	"cmp"
	"context"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/store"
)

// Look asks the database how everything that is configured stands, with two
// queries whatever the number of tenants. While it does not answer, the error
// says why; see Unanswered.
func Look(ctx context.Context, c *config.Config, db *store.DB, now time.Time) (Snapshot, error) {
	survey, err := db.Survey(ctx, now, StripFor)
	if err != nil {
		return Snapshot{}, err
	}
	return Take(Gather(c, survey, now), now), nil
}

// Unanswered is the last snapshot as it is shown while the database does not
// answer: dated, and with the one problem that hides all others. last is nil
// where there never was one.
func Unanswered(last *Snapshot, c *config.Config, why error, since, now time.Time) Snapshot {
	var s Snapshot
	if last != nil {
		s = *last
	} else {
		s = Take(Gather(c, store.Survey{}, now), now)
	}
	s.Database.Up = false
	g := &group{code: codeOf(why), now: now, since: &since, level: ActSoon}
	p := g.problem()
	p.Detail, p.FirstLossAt = why.Error(), s.SafeUntil
	if s.SafeUntil != nil && s.SafeUntil.Sub(now) < soon {
		p.Level = ActNow
	}
	s.Problems = []Problem{p}
	s.Verdict = Verdict{
		Level: p.Level, Heading: p.Heading + " since " + Moment(since, now), Why: why.Error() + ".", Steps: p.Steps,
		FirstLossAt: s.SafeUntil,
	}
	if s.SafeUntil != nil {
		s.Verdict.Also = "As of " + Moment(s.AsOf, now) + " everything was safe until " + dateOf(*s.SafeUntil, now)
	}
	return s
}

// codeOf is what is wrong with the database.
func codeOf(err error) Code {
	return cmp.Or(Code(store.CodeOf(err)), DatabaseDown)
}
