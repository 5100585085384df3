package mapping

import (
	"fmt"
	"slices"
)

// A Model is a compiled declaration: the tables that the elements of one endpoint fill, the element's own table first.
type Model struct {
	Tables []*Layout
	root   *shape
}

// A Layout is one table as COPY sees it: its key columns first, then the declared columns in order, and unknown_fields
// last.
type Layout struct {
	Name    string
	Columns []Column
	// Key is how many of the columns, from the first, identify a row within a tenant.
	Key int

	inherited []Column // what its own child tables begin with
}

// A Column is one column of a Layout.
type Column struct {
	Name string
	Type Type
}

var unknownFields = Column{"unknown_fields", JSON}

// A shape is what a declaration says about one JSON object.
type shape struct {
	places map[string]int // JSON name to the place of its value in a frame
	plans  []plan         // in declared order, which is the order of columns
}

// A plan is one compiled Member.
type plan struct {
	Member
	place  int    // of the member's value; -1 for words without a name
	seed   uint64 // what the member adds to the path of its object
	table  int    // Side, Rows: index into Model.Tables
	inner  *shape
	hashed []plan // HashKey, Else: the members it covers
	// keyForm is, of such a member, the place of what the key is made of where a redactor has changed its value.
	keyForm int
	stored  int // HashKey, Else, Derived: the place of the annotation that says what is stored
}

// Table compiles a declaration. It panics on a contradictory one, as declarations are package variables and every test
// reads them.
func Table(name string, members ...Member) *Model {
	m := &Model{}
	m.root = m.addTable(&Layout{Name: name}, members)
	if m.Tables[0].Key == 0 {
		panic("mapping: table " + name + " has no key")
	}
	for _, t := range m.Tables {
		t.Columns = append(t.Columns, unknownFields)
		t.check()
	}
	return m
}

// addTable compiles the members of a new table, or of another side of one that is already there.
func (m *Model) addTable(t *Layout, members []Member) *shape {
	m.Tables = append(m.Tables, t)
	return m.compile(t, members)
}

func (m *Model) compile(t *Layout, members []Member) *shape {
	s := &shape{places: map[string]int{}}
	s.plans = m.plans(t, s, members)
	for i, p := range s.plans {
		if p.word == wordHashKey || p.source != "" {
			s.plans[i].hashed = s.named(p.names)
		}
	}
	return s
}

// plans compiles members of one object; those of a Side are members of the object around it and share its places.
func (m *Model) plans(t *Layout, s *shape, members []Member) []plan {
	var plans []plan
	for _, member := range members {
		p := plan{Member: member, place: -1, seed: member.seed()}
		if member.name != "" {
			p.place = s.place(member.name)
		}
		if member.word == wordHashKey || member.word == wordDerived || member.source != "" {
			p.stored = s.place(member.column + storedForm)
		}
		switch member.word {
		case wordKey, wordHashKey:
			if t.Key != len(t.Columns) {
				panic("mapping: " + t.Name + " has key column " + member.column + " behind other columns")
			}
			t.Key++
			t.inherited = append(t.inherited, Column{member.inherit, member.typ})
			t.add(member.column, member.typ)
			if member.source != "" {
				t.add(member.source, Text)
			}
		case wordCol, wordList, wordDerived:
			t.add(member.column, member.typ)
		case wordOneOf:
			t.add(member.column, member.typ)
			p.inner = m.compile(t, member.members)
		case wordIn:
			p.inner = m.compile(t, member.members)
		case wordRows:
			child := t.child(member.table, Column{member.column, Int4})
			p.table = len(m.Tables)
			p.inner = m.addTable(child, member.members)
		case wordSide:
			p.table, p.inner = m.side(t, s, member)
		}
		plans = append(plans, p)
	}
	return plans
}

func (t *Layout) add(name string, typ Type) { t.Columns = append(t.Columns, Column{name, typ}) }

func (t *Layout) child(name string, own Column) *Layout {
	c := &Layout{Name: name, Columns: append(slices.Clone(t.inherited), own)}
	c.Key = len(c.Columns)
	c.inherited = slices.Clone(c.Columns)
	return c
}

func (m *Model) side(t *Layout, s *shape, member Member) (table int, inner *shape) {
	child := t.child(member.table, Column{"side", Text})
	inner = &shape{places: s.places}
	table = slices.IndexFunc(m.Tables, func(t *Layout) bool { return t.Name == member.table })
	if table < 0 {
		table = len(m.Tables)
		m.Tables = append(m.Tables, child)
		inner.plans = m.plans(child, s, member.members)
		return table, inner
	}
	inner.plans = m.plans(child, s, member.members)
	same := func(a, b Column) bool { return a.Name == b.Name && a.Type.OID == b.Type.OID }
	if !slices.EqualFunc(child.Columns, m.Tables[table].Columns, same) {
		panic("mapping: the sides of " + member.table + " differ in their columns")
	}
	return table, inner
}

func (s *shape) place(name string) int {
	if _, ok := s.places[name]; ok {
		panic("mapping: member " + name + " is declared twice")
	}
	s.places[name] = len(s.places)
	return s.places[name]
}

func (s *shape) named(names []string) []plan {
	var found []plan
	for _, name := range names {
		i := slices.IndexFunc(s.plans, func(p plan) bool { return p.name == name && p.word == wordCol })
		if i < 0 {
			panic("mapping: a key is a hash of " + name + ", which is no column")
		}
		found = append(found, s.plans[i])
		found[len(found)-1].keyForm = s.place(name + keyForm)
	}
	return found
}

func (t *Layout) check() {
	seen := map[string]bool{}
	for _, c := range t.Columns {
		if seen[c.Name] {
			panic(fmt.Sprintf("mapping: %s has column %s twice", t.Name, c.Name))
		}
		seen[c.Name] = true
	}
}

// ColumnNames returns the names in COPY order.
func (t *Layout) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// JSONNames returns the JSON names that the element's own object declares, for checks against Graph's metadata.
func (m *Model) JSONNames() []string {
	names := make([]string, len(m.root.places))
	for name, place := range m.root.places {
		names[place] = name
	}
	return slices.DeleteFunc(names, func(name string) bool { return isAnnotation([]byte(name)) })
}
