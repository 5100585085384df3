package mapping

// A Strange is a kind of value that the declaration has no room for: a member
// without a column, or, as Misfit, a value that did not fit its column.
type Strange struct {
	Table, Member string
	Misfit        bool
}

// maxStrange bounds how many kinds a batch tells apart: names of members come
// from outside.
const maxStrange = 64

// TakeStrange returns how often each kind was met since it was last asked for;
// nil if none was.
func (b *Batch) TakeStrange() map[Strange]int {
	taken := b.strange
	b.strange = nil
	return taken
}

// met counts a value that the declaration has no room for.
func (b *Batch) met(table int, member []byte, misfit bool) {
	if b.strange == nil {
		b.strange = map[Strange]int{}
	}
	name := b.Model.Tables[table].Name
	if _, known := b.strange[Strange{name, string(member), misfit}]; !known && len(b.strange) >= maxStrange {
		b.strange[Strange{name, "other", misfit}]++
		return
	}
	b.strange[Strange{name, string(member), misfit}]++
}
