package mapping

import "encoding/binary"

// appendList writes array_recv's form: one dimension, a null flag, the element type, length, lower bound 1, and the
// elements as fields. An element is a string or, where a member is named, that member of an object; extra counts the
// members the column has no room for.
func appendList(dst []byte, v Value, member []string) (_ []byte, extra int, err error) {
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
	var loss error
	for element := range v.Elements() {
		more, ok := 0, true
		if len(member) > 0 {
			element, more, ok = pick(element, member[0])
			extra += more
		}
		if element.absent() && ok {
			dst = append(dst, null...)
			continue
		}
		if element.Kind() != '"' || !ok {
			return dst, extra, errMisfit
		}
		text, err := element.unquoted()
		if err != nil {
			loss = err
		}
		dst = AppendField(dst, text)
	}
	return dst, extra, loss
}

// pick returns one member of an object and counts the others.
func pick(object Value, member string) (found Value, others int, ok bool) {
	if object.Kind() != '{' {
		return object, 0, false
	}
	for name, value := range object.Members() {
		switch text, _ := name.unquoted(); {
		case string(text) == member:
			found = value
		case !value.absent() && !isAnnotation(text):
			others++
		}
	}
	return found, others, true
}

// listFields ranges over the elements of a binary text[], nil for NULL.
func listFields(src []byte) func(yield func([]byte) bool) {
	if dimensions := binary.BigEndian.Uint32(src); dimensions == 0 {
		return Fields(nil)
	}
	return Fields(src[20:])
}

// listJSON renders a one-dimensional binary text[].
func listJSON(dst, src []byte, member []string) []byte {
	dst = append(dst, '[')
	for field := range listFields(src) {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = listElement(dst, field, member)
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

// hashList hashes a binary text[] as the array that listJSON renders.
func hashList(at path, src []byte, member []string) uint64 {
	sum, n := at.hash('['), 0
	for field := range listFields(src) {
		element := at.element(n)
		n++
		if len(member) > 0 {
			sum += element.hash('{')
			element = element.member([]byte(member[0]))
		}
		if field == nil {
			sum += element.hash('n')
		} else {
			sum += element.hashText(field)
		}
	}
	return sum
}
