package graphsim

import "testing"

func TestOnlyTheDaysUsedLastAreKept(t *testing.T) {
	t.Parallel()
	generated := make(map[int64]int)
	c := dayCache[int64]{keep: cachedDays, generate: func(d int64) int64 { generated[d]++; return d }}
	for d := range int64(cachedDays) {
		c.get(d)
	}
	c.get(0)          // kept, and now used last
	c.get(cachedDays) // takes the place of day 1
	c.get(0)
	c.get(1)
	if generated[0] != 1 || generated[1] != 2 || len(c.days) != cachedDays {
		t.Errorf("generated day 0 %d times, day 1 %d times; %d days kept", generated[0], generated[1], len(c.days))
	}
}
