package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// keyColumn writes the key, and behind it where the key is from if there is a
// choice.
func (b *Batch) keyColumn(table int, p *plan, v Value, slots int) error {
	if p.source == "" {
		return b.servedKey(table, p, v)
	}
	source, err := SourceGraph, error(nil)
	if v.blank() {
		source, err = SourceHash, b.hashKey(table, p, slots)
	} else {
		err = b.servedKey(table, p, v)
	}
	b.rows[table].data = AppendField(b.rows[table].data, []byte(source))
	return err
}

func (b *Batch) servedKey(table int, p *plan, v Value) error {
	if v.blank() {
		return fmt.Errorf("no key: %s is missing", p.name)
	}
	switch b.field(table, func(dst []byte) ([]byte, error) { return p.typ.append(dst, v) }) {
	case errNull, errMisfit, errBlemish:
		return fmt.Errorf("no key: %s does not fit its column", p.name)
	}
	b.rows[table].key = len(b.rows[table].data)
	return nil
}

// hashKey hashes the columns' values, with a length before each so that no two
// lists of values run into the same bytes.
func (b *Batch) hashKey(table int, p *plan, slots int) error {
	hash, found := []byte{}, false
	for i := range p.hash {
		part, v := &p.hash[i], b.enc.slots[slots+p.hash[i].slot]
		if v.blank() {
			hash = append(hash, null...)
			continue
		}
		value, err := part.typ.append(nil, v)
		switch err {
		case errNull:
			value = nil
		case errMisfit, errBlemish:
			return fmt.Errorf("no key: %s does not fit its column", part.name)
		default:
			found = true
		}
		hash = AppendField(hash, value)
	}
	if !found {
		return errors.New("no key: every member it is made of is missing")
	}
	sum := sha256.Sum256(hash)
	b.rows[table].data = AppendField(b.rows[table].data, hex.AppendEncode(nil, sum[:16]))
	b.rows[table].key = len(b.rows[table].data)
	return nil
}
