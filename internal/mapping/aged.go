package mapping

import "time"

// An Aged redactor is for the elements that happened before a time. It does all that the batch's own does.
type Aged struct {
	*Redactor
	Before  time.Time
	Columns []string // of these the first that an element has a time for says when it happened
	// Timeless says that elements without a time are of before.
	Timeless bool
}

// redactorOf returns the redactor for an element.
func (b *Batch) redactorOf(v Value) *Redactor {
	if b.Aged != nil && b.Aged.isOld(b.Model, v) {
		return b.Aged.Redactor
	}
	return b.Redactor
}

func (a *Aged) isOld(m *Model, v Value) bool {
	for _, column := range a.Columns {
		for i := range m.root.plans {
			p := &m.root.plans[i]
			if p.column != column || v.Kind() != '{' || v.Member(p.name).blank() {
				continue
			}
			if value, _ := p.typ.append(nil, v.Member(p.name)); value != nil {
				return timeOf(value).Before(a.Before)
			}
		}
	}
	return a.Timeless
}
