package mapping

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A Strange is a kind of value that the declaration has no room for: a member
// without a column, or, as Misfit, a value that did not fit its column.
type Strange struct {
	Table, Member string
	Misfit        bool
}

// Other is what a name is called that is not told apart from others.
const Other = "other"

// plainName is a name of a member that may be shown.
var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]{0,99}$`)

// Name is what a kind is called among those of an endpoint. Names of members come
// from outside: one that is not plain is Other.
func (s Strange) Name(endpoint string) string {
	name := s.Member
	if s.Table != endpoint {
		name = s.Table + "." + name
	}
	if !plainName.MatchString(name) {
		return Other
	}
	return name
}

// Sorted are the kinds that were counted, in the order of their names.
func Sorted(strange map[Strange]int) []Strange {
	return slices.SortedFunc(maps.Keys(strange), func(a, b Strange) int {
		return strings.Compare(a.Table+"."+a.Member, b.Table+"."+b.Member)
	})
}

// MostNames is how many unknown members of an endpoint are told apart.
const MostNames = 50

// Names are the names of an endpoint's unknown members that were met.
type Names struct{ met map[string]bool }

// Add adds a name, and returns what it is called and whether that was never met.
// From MostNames on a new one is Other.
func (n *Names) Add(name string) (called string, isNew bool) {
	if n.met == nil {
		n.met = map[string]bool{}
	}
	if !n.met[name] && len(n.met) >= MostNames {
		name = Other
	}
	isNew = !n.met[name]
	n.met[name] = true
	return name, isNew
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

// metUnknown counts a member that has no column.
func (b *Batch) metUnknown(table int, member []byte) {
	b.Unknown++
	b.met(table, member, false)
}

// met counts a value that the declaration has no room for.
func (b *Batch) met(table int, member []byte, misfit bool) {
	if b.strange == nil {
		b.strange = map[Strange]int{}
	}
	name := b.Model.Tables[table].Name
	if _, known := b.strange[Strange{name, string(member), misfit}]; !known && len(b.strange) >= maxStrange {
		b.strange[Strange{name, Other, misfit}]++
		return
	}
	b.strange[Strange{name, string(member), misfit}]++
}
