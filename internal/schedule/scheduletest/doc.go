// Package scheduletest runs the daemon in a World: a simulated tenant, the one clock that Graph and the daemon go by, a
// database, and the jobs that read the tenant into it. Everything else is real: TLS, tokens, PostgreSQL, the client.
//
// A test makes a World, lets things go wrong, reads, and looks at what is stored and noted:
//
//	func TestNextHour(t *testing.T) {
//		w := scheduletest.New(t, scheduletest.Config{Graph: graphsim.Config{Seed: 1, CallsPerDay: 100}})
//		w.Graph.SetFaults(func(graphsim.Request) graphsim.Fault { return graphsim.Fault{Status: 500} })
//		if _, err := w.Try(t.Context()); err == nil {
//			t.Error("no error")
//		}
//		w.Graph.SetFaults(nil)
//		w.Advance(time.Hour)
//		w.Once()
//		w.WantServed()
//		w.WantSettled()
//	}
//
// Time. The clock stands at Noon and moves in two ways. Advance moves it, for Graph and a running daemon alike. A wait
// of the client (back-off, Retry-After, a limit) ends at once and moves the clock to where the wait would have ended;
// nothing sleeps. Waits that begin together end together. So in a test without faults the clock stands still, and in
// one with faults it moves by some seconds: assertions about such a test compare times to w.Now().
//
// Reading. Once reads all that is due and fails the test on an error. Try returns the error, and may be stopped. Daemon
// runs the daemon itself. Forget makes everything due again. Twin is a second daemon on the same tenant and database,
// In one on another database. RefreshUsers and RetryRejects do what the daemon does beside reading.
//
// Looking. Runs, Slots, Retries and Endpoint are what is noted in schema ingest. Missing lists what Graph serves and
// the tables lack. WantServed fails unless the tables hold exactly what Graph serves; WantSettled fails unless the
// ledger says that nothing is left to do. For anything else there are Conn and Exec.
//
// A World reads one endpoint, pstn_calls unless Config names another. If Config names several, the methods are about
// the first, and Of returns the same World with another one in front.
//
// Packages schedule and store are used in daemon.go, ledger.go and save.go alone, and package health in snapshot.go.
package scheduletest
