package graphsim

import (
	"math"
	"strconv"
	"time"
)

// pen writes the members of JSON objects one after the other.
type pen struct {
	dst    []byte
	sparse bool // members without a value are left out, as in published examples; else they are null
}

// comma stands before all members and elements but the first.
func (p *pen) comma() {
	switch p.dst[len(p.dst)-1] {
	case '{', '[', ':', ',':
	default:
		p.dst = append(p.dst, ',')
	}
}

func (p *pen) name(name string) {
	p.comma()
	p.dst = append(append(append(p.dst, '"'), name...), `":`...)
}

// raw writes a value that is JSON already.
func (p *pen) raw(name, value string) {
	p.name(name)
	p.dst = append(p.dst, value...)
}

func (p *pen) null(names ...string) {
	if p.sparse {
		return
	}
	for _, name := range names {
		p.raw(name, "null")
	}
}

// text writes null for the empty text. The text is taken to need no escaping.
func (p *pen) text(name, value string) {
	if value == "" {
		p.null(name)
		return
	}
	p.name(name)
	p.quoted(value)
}

func (p *pen) quoted(value string) { p.dst = append(append(append(p.dst, '"'), value...), '"') }

func (p *pen) texts(name string, values []string) {
	p.name(name)
	p.dst = append(p.dst, '[')
	for _, value := range values {
		p.comma()
		p.quoted(value)
	}
	p.dst = append(p.dst, ']')
}

func (p *pen) time(name string, ticks int64) {
	p.name(name)
	p.dst = append(appendTime(append(p.dst, '"'), ticks), '"')
}

func (p *pen) int(name string, n int64) {
	p.name(name)
	p.dst = strconv.AppendInt(p.dst, n, 10)
}

func (p *pen) bool(name string, b bool) {
	p.name(name)
	p.dst = strconv.AppendBool(p.dst, b)
}

// number writes up to six digits of fraction.
func (p *pen) number(name string, n float64) {
	p.name(name)
	p.dst = strconv.AppendFloat(p.dst, math.Round(n*1e6)/1e6, 'f', -1, 64)
}

// duration writes milliseconds as Edm.Duration.
func (p *pen) duration(name string, d time.Duration) {
	p.name(name)
	p.dst = append(p.dst, `"PT`...)
	p.dst = strconv.AppendFloat(p.dst, float64(d.Milliseconds())/1000, 'f', -1, 64)
	p.dst = append(p.dst, `S"`...)
}

// object writes a member that is an object.
func (p *pen) object(name string, members func()) {
	p.name(name)
	p.element(members)
}

func (p *pen) element(members func()) {
	p.comma()
	p.dst = append(p.dst, '{')
	members()
	p.dst = append(p.dst, '}')
}

// array writes a member that is an array of n elements.
func (p *pen) array(name string, n int, element func(i int)) {
	p.name(name)
	p.dst = append(p.dst, '[')
	for i := range n {
		element(i)
	}
	p.dst = append(p.dst, ']')
}
