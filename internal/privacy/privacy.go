// Package privacy says what becomes of personal data while it is read. What a column may hold is said in
// catalog/personal.txt; for each class of data a tenant has a mode, and what is in several classes goes by the
// strictest of theirs.
//
// The package knows modes, classes and keys. It must not know the configuration, tenants' names, JSON or SQL.
package privacy

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ingestd/internal/catalog"
	"ingestd/internal/mapping"
)

// A Mode says what becomes of the data of a class.
type Mode string

const (
	// Keep stores it as served.
	Keep Mode = "keep"
	// Mask hides the last digits of numbers, as Microsoft does where the law asks for it.
	Mask Mode = "mask"
	// Truncate keeps the network of an address, and the maker in a hardware address. A name is left out.
	Truncate Mode = "truncate"
	// HMAC stores a pseudonym.
	HMAC Mode = "hmac"
	// Drop stores nothing.
	Drop Mode = "drop"
)

// fitting are the modes of each class.
var fitting = map[catalog.Class][]Mode{
	catalog.Identity: {Keep, HMAC, Drop},
	catalog.Numbers:  {Keep, Mask, HMAC, Drop},
	catalog.Location: {Keep, Truncate, HMAC, Drop},
	catalog.Text:     {Keep, Drop},
}

// strictness orders modes by how little they leave.
var strictness = []Mode{Keep, Mask, Truncate, HMAC, Drop}

func stricter(a, b Mode) Mode {
	if slices.Index(strictness, a) < slices.Index(strictness, b) {
		return b
	}
	return a
}

// ofOld are the modes of what is past the term of personal data.
var ofOld = map[catalog.Class]Mode{
	catalog.Identity: HMAC, catalog.Numbers: Mask, catalog.Location: Truncate, catalog.Text: Drop,
}

// Aged are the modes of what is past the term of personal data, of a tenant with other ones until then: the stricter of
// both.
func Aged(modes map[catalog.Class]Mode) map[catalog.Class]Mode {
	aged := map[catalog.Class]Mode{}
	for class, mode := range ofOld {
		aged[class] = stricter(modes[class], mode)
	}
	return aged
}

// A Policy replaces the personal data of one tenant.
type Policy struct {
	modes map[catalog.Class]Mode
	keys  map[catalog.Class]*key
}

// New returns a tenant's policy, or nil where all classes are kept. A class without a mode is kept. Keys are derived
// from a secret, one for the tenant and each class.
func New(modes map[catalog.Class]Mode, secret []byte, tenant uuid.UUID) (*Policy, error) {
	p := &Policy{modes: map[catalog.Class]Mode{}, keys: map[catalog.Class]*key{}}
	keep := true
	for _, class := range catalog.Classes {
		mode, ok := modes[class]
		if !ok {
			mode = Keep
		}
		if !slices.Contains(fitting[class], mode) {
			return nil, fmt.Errorf("mode %q is none for personal data of class %s: %v", mode, class, fitting[class])
		}
		derived, err := hkdf.Key(sha256.New, secret, tenant[:], "ingestd "+string(class), sha256.Size)
		if err != nil {
			return nil, err
		}
		p.modes[class], p.keys[class] = mode, newKey(derived)
		keep = keep && mode == Keep
	}
	if keep {
		return nil, nil
	}
	return p, nil
}

// Redactor changes the elements of a model as the policy says; nil where there is none.
func (p *Policy) Redactor(m *mapping.Model) *mapping.Redactor {
	if p == nil {
		return nil
	}
	return m.Redactor(p.ruleOf)
}

// NewBatch returns a batch of a model whose elements are changed as the policy says.
func (p *Policy) NewBatch(m *mapping.Model) *mapping.Batch {
	b := m.NewBatch()
	b.Redactor = p.Redactor(m)
	return b
}

// Stored returns what is stored of a text in a column; ok is false where nothing is.
func (p *Policy) Stored(column, text string) (stored string, ok bool) {
	if p == nil {
		return text, true
	}
	rule := p.ruleOf(column)
	if rule == nil {
		return text, true
	}
	out, ok := rule.Replace([]byte(text))
	return string(out), ok
}

// ruleOf is what becomes of the texts in a column; nil: they are kept.
func (p *Policy) ruleOf(column string) mapping.Rule {
	r := &rule{policy: p, classes: catalog.Column{Name: column}.Personal()}
	if !slices.ContainsFunc(r.classes, func(c catalog.Class) bool { return p.modes[c] != Keep }) && !r.onlyNumbers() {
		return nil
	}
	return r
}
