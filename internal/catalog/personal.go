package catalog

import (
	"context"
	_ "embed"
	"slices"
	"strings"
)

// A Class is a kind of personal data.
type Class string

const (
	Identity Class = "identity" // who a person is: ids, names
	Numbers  Class = "numbers"  // phone numbers
	Location Class = "location" // addresses and names of networks and machines
	Text     Class = "text"     // what somebody wrote, and what is not known
)

// Classes are all kinds of personal data.
var Classes = []Class{Identity, Numbers, Location, Text}

//go:embed personal.txt
var personalNames string

var classesOf = readClasses(personalNames)

// readClasses reads lines of a class and names.
func readClasses(text string) map[string][]Class {
	all := map[string][]Class{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		for _, name := range words[1:] {
			class := Class(words[0])
			if class == "none" {
				all[name] = nil
			} else {
				all[name] = append(all[name], class)
			}
		}
	}
	return all
}

// Personal is which kinds of personal data a column holds; none if it holds no
// personal data. A column that nobody has classed may hold any.
func (c Column) Personal() []Class {
	if !c.Classed() {
		return Classes
	}
	return classesOf[underscored(c.Name)]
}

// Classed reports whether somebody has said which kinds of personal data a column
// of this name holds.
func (c Column) Classed() bool {
	_, ok := classesOf[underscored(c.Name)]
	return ok
}

// PersonalIn reports whether a column holds data of one of some classes.
func (c Column) PersonalIn(classes []Class) bool {
	return slices.ContainsFunc(c.Personal(), func(class Class) bool { return slices.Contains(classes, class) })
}

func underscored(name string) string { return strings.ReplaceAll(name, " ", "_") }

// Without is a relation without the columns that hold personal data of some
// classes. If its key has such a column each row is about a person, or could not be
// told from others: then nothing of it is left.
func (r Relation) Without(classes []Class) (Relation, bool) {
	kept := r
	kept.Columns = slices.DeleteFunc(slices.Clone(r.Columns), func(c Column) bool { return c.PersonalIn(classes) })
	for _, name := range r.Key {
		if kept.Column(name) == nil {
			return Relation{}, false
		}
	}
	return kept, true
}

// PersonalColumns returns the names of all columns of schemas that hold personal
// data.
func PersonalColumns(ctx context.Context, db Querier, schemas ...string) (names []string, err error) {
	relations, err := Read(ctx, db, schemas...)
	for _, r := range relations {
		for _, c := range r.Columns {
			if len(c.Personal()) > 0 && !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names, err
}
