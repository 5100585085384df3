// Package torture tries to make the program lose a row, and finds out whether it did. All of it is tests.
//
// It runs the real program against a real PostgreSQL of its own and a simulated tenant over TLS, and lets go wrong what
// can: processes are killed and frozen, connections are cut before a statement, after it and in place of its answer,
// statements arrive after the process that sent them has gone, the server crashes, Graph answers badly. Then it
// compares what is stored to what was served.
//
//	sweep_test.go       each statement and each request of a run, once with each fault at that very place
//	storm_test.go       faults at random, for as long as one likes; what they are made of is in graph_test.go,
//	                    messages_test.go, server_test.go, program_test.go, and beside what they are about
//	mutants/            programs with a bug that was put in: each has to be found out, or the rest proves nothing
//	oracle_test.go      what was served, and when
//	invariants_test.go  what must hold at any moment, and finale_test.go what must in the end
//
// The program is built as it is but for one thing: its clock is the simulation's (clock_test.go), so that hours pass in
// seconds, and a date can be wrong. A mutant has one bug more. Both are texts that replace others while it is built, so
// nothing of this is in the program.
package torture
