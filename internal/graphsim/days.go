package graphsim

import (
	"slices"
	"sync"
)

// cachedDays is enough for two readers of long windows: each needs the day it
// reads, and those at the newer edge, which are not settled.
const cachedDays = 16

// dayCache keeps the days used last. A day is generated once at a time, and
// nobody waits for another day.
type dayCache struct {
	generate func(day int64) []record

	mu   sync.Mutex
	days []*generatedDay // used last comes last
}

type generatedDay struct {
	day  int64
	once sync.Once
	rows []record
}

func (c *dayCache) get(d int64) []record {
	g := c.find(d)
	g.once.Do(func() { g.rows = c.generate(d) })
	return g.rows
}

func (c *dayCache) find(d int64) *generatedDay {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := &generatedDay{day: d}
	if i := slices.IndexFunc(c.days, func(g *generatedDay) bool { return g.day == d }); i >= 0 {
		g = c.days[i]
		c.days = slices.Delete(c.days, i, i+1)
	} else if len(c.days) == cachedDays {
		c.days = slices.Delete(c.days, 0, 1)
	}
	c.days = append(c.days, g)
	return g
}
