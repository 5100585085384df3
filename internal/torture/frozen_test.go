package torture

import (
	"testing"
	"time"

	"ingestd/internal/store/storetest"
)

// TestFrozenWhileSubscriptionEnds has a daemon stand still while its subscription expires, and then while it is deleted
// and only the time between two looks passes: when it goes on, its first look makes another.
func TestFrozenWhileSubscriptionEnds(t *testing.T) {
	t.Parallel()
	w := newStage(t, build(t, mutant{name: "the program"}), newServer(t)).newWorld(t, 1)
	p := w.launch("run")
	subscribed := func() {
		storetest.Eventually(t, func() bool {
			return w.graph.Subscriptions() == 1 && storetest.Query[bool](t, w.conn,
				`SELECT count(*) = 1 FROM ingest.subscriptions WHERE subscription_id IS NOT NULL AND error IS NULL`)
		})
	}
	looks := func() int { return w.graph.Requests().Answers["subscriptions"][200] }
	subscribed()
	for name, end := range map[string]func(){
		"expired": func() { w.advance(30 * time.Hour); w.advance(30 * time.Hour); w.advance(30 * time.Hour) },
		"deleted": func() { w.graph.DeleteSubscriptions(); w.advance(5 * time.Minute) },
	} {
		p.freeze()
		before := looks()
		if end(); w.graph.Subscriptions() != 0 {
			t.Fatalf("%s: it is there", name)
		}
		p.thaw()
		subscribed()
		if n := looks() - before; n > 1 {
			t.Errorf("%s: it is made anew at look %d", name, n)
		}
	}
	p.stop()
	if !p.endsWithin(patience) || p.code() != 0 {
		t.Errorf("it ends with %v", p.cmd.ProcessState)
	}
}
