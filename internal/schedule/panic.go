package schedule

import (
	"fmt"
	"runtime/debug"
)

// A panicError is a panic that ended one window and not the daemon. Its text
// does not quote the panic's value, which may hold anything.
type panicError struct {
	kind  string
	stack string
}

func (p *panicError) Error() string {
	return "panic of type " + p.kind + ": a bug; report it with the stack from the log"
}

// safely runs work and turns a panic into an error.
func safely(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{fmt.Sprintf("%T", p), string(debug.Stack())}
		}
	}()
	return work()
}
