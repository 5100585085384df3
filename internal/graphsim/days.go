package graphsim

import (
	"slices"
	"sync"
)

// dayCache keeps the days used last. A day is generated once at a time, and
// nobody waits for another day.
type dayCache[T any] struct {
	generate func(day int64) T
	keep     int // days

	mu   sync.Mutex
	days []*generatedDay[T] // used last comes last
}

type generatedDay[T any] struct {
	day     int64
	once    sync.Once
	content T
}

func (c *dayCache[T]) get(d int64) T {
	g := c.find(d)
	g.once.Do(func() { g.content = c.generate(d) })
	return g.content
}

func (c *dayCache[T]) find(d int64) *generatedDay[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := &generatedDay[T]{day: d}
	if i := slices.IndexFunc(c.days, func(g *generatedDay[T]) bool { return g.day == d }); i >= 0 {
		g = c.days[i]
		c.days = slices.Delete(c.days, i, i+1)
	} else if len(c.days) == c.keep {
		c.days = slices.Delete(c.days, 0, 1)
	}
	c.days = append(c.days, g)
	return g
}
