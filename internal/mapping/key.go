package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// keyColumn writes the key, and behind it where the key is from if there is a choice.
func (b *Batch) keyColumn(f *frame, p *plan, v Value) error {
	if p.source == "" {
		return b.servedKey(f, p, v)
	}
	source, err := SourceGraph, error(nil)
	if v.blank() {
		source, err = SourceHash, b.hashKey(f, p)
	} else {
		err = b.servedKey(f, p, v)
	}
	r := &b.rows[f.table]
	r.data = AppendField(r.data, []byte(source))
	return err
}

func (b *Batch) servedKey(f *frame, p *plan, v Value) error {
	if v.blank() {
		return fmt.Errorf("no key: %s is missing", p.name)
	}
	r := &b.rows[f.table]
	value, err := r.value(p, v)
	switch err {
	case errNull, errMisfit, errSanitized:
		return fmt.Errorf("no key: %s does not fit its column", p.name)
	}
	r.key = len(r.data)
	b.note(f, p, v, value, err)
	return nil
}

// hashKey writes the hash of the columns' values, unless it is said that another key is stored.
func (b *Batch) hashKey(f *frame, p *plan) error {
	if stored := f.values[p.stored]; !stored.blank() {
		key, _ := stored.Text()
		b.writeKey(f, []byte(key))
		return nil
	}
	hash, found := []byte{}, false
	for i := range p.hashed {
		part, v := &p.hashed[i], f.values[p.hashed[i].place]
		if form := f.values[part.keyForm]; !form.absent() {
			v = form
		}
		if v.blank() {
			hash = append(hash, null...)
			continue
		}
		value, err := part.typ.append(nil, v)
		switch err {
		case errNull:
			value = nil
		case errMisfit, errSanitized:
			return fmt.Errorf("no key: %s does not fit its column", part.name)
		default:
			found = true
		}
		hash = AppendField(hash, value)
	}
	if !found {
		return errors.New("no key: every member it is made of is missing")
	}
	b.writeKey(f, keyHash(hash))
	return nil
}

func (b *Batch) writeKey(f *frame, key []byte) {
	r := &b.rows[f.table]
	r.data = AppendField(r.data, key)
	r.key = len(r.data)
}

// keyHash is the key made of fields: the length before each keeps two lists of values from running into the same bytes.
func keyHash(fields []byte) []byte {
	sum := sha256.Sum256(fields)
	return hex.AppendEncode(nil, sum[:16])
}
