package mapping

import (
	"encoding/binary"
)

// list writes a text[] column. The array is kept whole besides if it holds
// more than the column can say, and instead if it holds something else.
func (b *Batch) list(table int, p *plan, v Value) (stored bool) {
	if v.blank() {
		b.rows[table].data = append(b.rows[table].data, null...)
		return false
	}
	extra := 0
	err := b.field(table, func(dst []byte) ([]byte, error) {
		var err error
		dst, extra, err = b.appendList(dst, p, v)
		return dst, err
	})
	if err == errMisfit {
		b.Misfits++
	} else if err == errBlemish {
		b.enc.blemish = true
	}
	b.Unknown += extra
	if err == errMisfit || extra > 0 {
		b.keepName(p.name, v)
	}
	return err != errMisfit
}

// appendList writes array_recv's form: one dimension, a null flag, the element
// type, length, lower bound 1, and the elements as fields. extra counts
// members the column has no room for.
func (b *Batch) appendList(dst []byte, p *plan, v Value) (_ []byte, extra int, err error) {
	if v.Kind() != '[' {
		return dst, 0, errMisfit
	}
	count := v.Len()
	dimensions := min(count, 1)
	dst = binary.BigEndian.AppendUint32(dst, uint32(dimensions))
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = binary.BigEndian.AppendUint32(dst, Text.OID)
	if count == 0 {
		return dst, 0, nil
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(count))
	dst = binary.BigEndian.AppendUint32(dst, 1)
	var blemish error
	for element := range v.Elements() {
		more, ok := 0, true
		if len(p.names) > 0 {
			element, more, ok = pick(element, p.names[0])
			extra += more
		}
		if element.absent() && ok {
			dst = append(dst, null...)
			continue
		}
		if element.Kind() != '"' || !ok {
			return dst, extra, errMisfit
		}
		text, bad := appendText([]byte{}, element.Raw())
		if bad != nil {
			blemish = bad
		}
		dst = AppendField(dst, text)
	}
	return dst, extra, blemish
}

// pick returns one member of an object and counts the others.
func pick(object Value, member string) (found Value, others int, ok bool) {
	if object.Kind() != '{' {
		return object, 0, false
	}
	for name, value := range object.Members() {
		switch {
		case string(unescaped(name)) == member:
			found = value
		case !value.absent() && !isAnnotation(name.Raw()):
			others++
		}
	}
	return found, others, true
}

// listJSON renders a one-dimensional binary text[].
func listJSON(dst, src []byte, member []string) []byte {
	dst = append(dst, '[')
	if dimensions := binary.BigEndian.Uint32(src); dimensions > 0 {
		first := true
		for field := range Fields(src[20:]) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = listElement(dst, field, member)
		}
	}
	return append(dst, ']')
}

func listElement(dst, field []byte, member []string) []byte {
	value := []byte("null")
	if field != nil {
		value = quote(nil, field)
	}
	if len(member) == 0 {
		return append(dst, value...)
	}
	dst = append(quote(append(dst, '{'), []byte(member[0])), ':')
	return append(append(dst, value...), '}')
}
