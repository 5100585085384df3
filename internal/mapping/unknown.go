package mapping

import "encoding/binary"

// misfit keeps a declared member whose value does not fit what was declared. It hashes unlike a value that fits: text
// that stands for a number beyond jsonb's range is kept as the same text would be stored.
func (b *Batch) misfit(f *frame, p *plan, v Value) {
	b.Misfits++
	b.met(f.table, []byte(p.name), true)
	b.keep([]byte(p.name), v, p.path(f).misfit())
}

// keep writes a member to unknown_fields. Its name has no quotes.
func (b *Batch) keep(name []byte, v Value, at path) {
	e := &b.enc
	var err error
	e.unknown = appendName(e.unknown, name)
	e.unknown, err = appendJSON(e.unknown, v, 0)
	e.sanitized = e.sanitized || err != nil
	e.hash += at.hashValue(v, 0)
}

// open begins an object in unknown_fields, and close ends it. An empty one is taken back unless it has to show.
func (e *encoder) open(name string) (start int) {
	start = len(e.unknown)
	e.unknown = append(appendName(e.unknown, []byte(name)), '{')
	return start
}

func (e *encoder) close(start int, show bool) {
	if e.unknown[len(e.unknown)-1] == '{' && !show {
		e.unknown = e.unknown[:start]
		return
	}
	e.unknown = append(e.unknown, '}')
}

// appendName begins the next member of an object.
func appendName(dst, name []byte) []byte {
	return append(quote(separate(dst, '{'), name), ':')
}

// appendUnknown writes the field unknown_fields from an object's text that lacks its last brace: NULL if it is empty.
func appendUnknown(dst, text []byte) []byte {
	if len(text) == 1 {
		return append(dst, null...)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(text)+2))
	return append(append(append(dst, jsonbVersion), text...), '}')
}
