package config

import (
	"fmt"
	"io"
)

// mask, embedded, keeps a value out of everything that prints: fmt with any
// verb, JSON, YAML and zap.
type mask struct{}

const masked = "***"

func (mask) String() string { return masked }

// Format serves every verb of fmt, %#v included.
func (mask) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, masked) }

// MarshalText serves encoding/json, YAML and zap's reflection.
func (mask) MarshalText() ([]byte, error) { return []byte(masked), nil }
