// Package warn has what goes on failing be warned of once, and again when the reason
// changes: a log that repeats itself is not read.
package warn

import (
	"errors"
	"sync"
)

// Once keeps why something failed last. The zero value is ready, and may be used by
// many at once.
type Once struct {
	mu     sync.Mutex
	reason string
}

// IsNew reports whether an error is to be warned of: its reason is not the last
// one's. None ends the last one.
func (o *Once) IsNew(err error) bool {
	reason := Reason(err)
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.reason
	o.reason = reason
	return reason != "" && reason != before
}

// Reason is what of an error stays the same as long as its cause does; empty if there
// is none. An error whose text names a request or a time says so by a method Reason.
func Reason(err error) string {
	type reasoned interface {
		error
		Reason() string
	}
	if err == nil {
		return ""
	}
	if r, ok := errors.AsType[reasoned](err); ok {
		return r.Reason()
	}
	return err.Error()
}
