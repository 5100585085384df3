package fetch

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

type holder struct {
	Arrives time.Duration
	Grows   []int64 // one after the other, some time apart
	Pause   time.Duration
	GivesUp time.Duration
}

func drawHolder(r *rapid.T) holder {
	millis := func(most int, name string) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(r, name)) * time.Millisecond
	}
	h := holder{
		Arrives: millis(200, "arrives"), Grows: rapid.SliceOfN(rapid.Int64Range(0, 60), 1, 8).Draw(r, "grows"),
		Pause: millis(20, "pause"), GivesUp: 24 * time.Hour,
	}
	if rapid.IntRange(0, 9).Draw(r, "patient") == 0 {
		h.GivesUp = millis(100, "gives up")
	}
	return h
}

// excess is by how much the budget is exceeded by others than the one that may, and how much is held in all.
func (b *Budget) excess() (excess, held int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	excess = b.held - b.size
	if b.beyond != nil {
		excess -= b.beyond.held
	}
	return excess, b.held
}

// Many holders that grow, pause, give up and release: only one exceeds the budget at a time, everyone gets what it asks
// for, and nothing is held in the end. A deadlock ends the bubble.
func TestBudgetIsKeptAndNobodyStarves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		holders := rapid.SliceOfN(rapid.Custom(drawHolder), 1, 60).Draw(r, "holders")
		var most, left int64
		synctest.Test(t, func(t *testing.T) {
			b := NewBudget(100)
			var all sync.WaitGroup
			var mu sync.Mutex
			for _, h := range holders {
				all.Go(func() {
					time.Sleep(h.Arrives)
					ctx, cancel := context.WithTimeout(context.Background(), h.GivesUp)
					defer cancel()
					hold := b.Reserve()
					defer hold.Release()
					for _, n := range h.Grows {
						if hold.Grow(ctx, n) != nil {
							return
						}
						excess, _ := b.excess()
						mu.Lock()
						most = max(most, excess)
						mu.Unlock()
						time.Sleep(h.Pause)
					}
				})
			}
			all.Wait()
			_, left = b.excess()
			if len(b.waiting) > 0 || b.beyond != nil {
				t.Errorf("%d are left waiting, one may exceed: %v", len(b.waiting), b.beyond != nil)
			}
		})
		if most > 0 || left != 0 {
			r.Fatalf("exceeded by %d by others than the one that may; %d bytes are held in the end", most, left)
		}
	})
}

func TestOneHolderExceedsTheBudgetAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(100)
		big, next, small := b.Reserve(), b.Reserve(), b.Reserve()
		for _, n := range []int64{90, 500, 500} {
			if err := big.Grow(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		var order []string
		var mu sync.Mutex
		var all sync.WaitGroup
		wait := func(name string, hold *Reservation, n int64) {
			all.Go(func() {
				if err := hold.Grow(t.Context(), n); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
			})
			synctest.Wait()
		}
		wait("next", next, 300)
		wait("small", small, 10)
		ctx, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		impatient := b.Reserve()
		if err := impatient.Grow(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		if len(order) != 0 || b.Held() != 1090 {
			t.Errorf("%v got on, %d bytes held", order, b.Held())
		}
		big.Release()
		synctest.Wait()
		if len(order) != 1 || order[0] != "next" || b.Held() != 300 {
			t.Errorf("%v got on, %d bytes held; want next, which waited longest", order, b.Held())
		}
		next.Release()
		all.Wait()
		small.Release()
		if b.Held() != 0 {
			t.Errorf("%d bytes are held in the end", b.Held())
		}
	})
}

func TestNoReservationCountsNothing(t *testing.T) {
	t.Parallel()
	var none *Reservation
	if err := none.Grow(t.Context(), 1<<40); err != nil {
		t.Error(err)
	}
	none.shrink(1)
	none.Release()
}

// What is left once half of the bytes are held is for those that hold them.
func TestScarceBudget(t *testing.T) {
	t.Parallel()
	b := NewBudget(10)
	first, second := b.Reserve(), b.Reserve()
	for _, step := range []struct {
		name   string
		change func()
		want   bool
	}{
		{"nothing is held", func() {}, false},
		{"half is held", func() { first.Grow(t.Context(), 5) }, false},
		{"more is held", func() { second.Grow(t.Context(), 1) }, true},
		{"half is held again", second.Release, false},
	} {
		step.change()
		if got := b.Scarce(); got != step.want {
			t.Errorf("%s: scarce is %v", step.name, got)
		}
	}
}
