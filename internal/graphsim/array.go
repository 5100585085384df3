package graphsim

// array is the part of an answer that is served in pages. Its link stands
// before the elements in every second page: the order of members is not
// promised.
type array struct {
	relation  string // that was expanded; empty: the array is the answer's value
	poison    [][]byte
	link      string // to the next page, if there is one
	linkFirst bool
}

// appendTo writes the members of an object begun before.
func (a array) appendTo(dst []byte, n int, element func(dst []byte, i int) []byte) []byte {
	if a.linkFirst {
		dst = a.appendLink(dst)
	}
	dst = append(append(dst, a.member()...), '[')
	start := len(dst)
	for i := range n {
		dst = append(element(dst, i), ',')
	}
	for _, element := range a.poison {
		dst = append(append(dst, element...), ',')
	}
	if len(dst) > start {
		dst = dst[:len(dst)-1]
	}
	dst = append(dst, ']')
	if !a.linkFirst {
		dst = a.appendLink(dst)
	}
	return dst
}

// member is how the array begins, but for itself.
func (a array) member() string {
	if a.relation == "" {
		return `,"value":`
	}
	return `,"` + a.relation + `":`
}

func (a array) appendLink(dst []byte) []byte {
	if a.link == "" {
		return dst
	}
	dst = append(append(append(dst, `,"`...), a.relation...), `@odata.nextLink":`...)
	return append(dst, quote(a.link)...)
}
