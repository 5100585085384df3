package mapping

// A Member is one line of a declaration.
type Member struct {
	word    word
	name    string // of the JSON member
	column  string // of the table; the ordinal's for Rows, the kind's for OneOf
	typ     Type
	names   []string // HashKey, Else: the members hashed; List: the member of each element
	members []Member // In, OneOf, Side, Rows
	table   string   // Side, Rows
	side    string
	inherit string // Key: the column's name in child tables
	source  string // Else: the column that says where the key is from
	derive  func(object Value) string
}

type word int

const (
	wordKey word = iota
	wordHashKey
	wordCol
	wordList
	wordDerived
	wordIn
	wordOneOf
	wordSide
	wordRows
)

// Key declares the member that identifies the element. Child tables inherit the column, under the name inherit gives it
// there. An element whose key is missing or does not fit is unstorable.
func Key(name, column string, typ Type, inherit ...string) Member {
	m := Member{word: wordKey, name: name, column: column, typ: typ, inherit: column}
	if len(inherit) > 0 {
		m.inherit = inherit[0]
	}
	return m
}

// Else lets a text Key fall back to a hash, made as HashKey makes it, in elements where its member is missing. The text
// column source, right behind the key, says which it is: SourceGraph or SourceHash.
func (m Member) Else(source string, names ...string) Member {
	if m.word != wordKey || m.typ.OID != Text.OID {
		panic("mapping: " + m.name + " is no text key and cannot fall back to a hash")
	}
	m.source, m.names = source, names
	return m
}

// What the source column of a Key with an Else says.
const (
	SourceGraph = "graph"
	SourceHash  = "hash"
)

// HashKey declares a text column that identifies an element without an id: the first 16 bytes, in hexadecimal, of a
// SHA-256 over the column values of the named members of the same object. An element that has none of them, or one that
// does not fit its column, is unstorable.
func HashKey(column string, names ...string) Member {
	return Member{word: wordHashKey, column: column, typ: Text, names: names, inherit: column}
}

// Col declares a column that holds one member.
func Col(name, column string, typ Type) Member {
	return Member{word: wordCol, name: name, column: column, typ: typ}
}

// List declares a text[] column that holds an array of strings, or, with member given, one string member of each object
// in an array.
func List(name, column string, member ...string) Member {
	return Member{word: wordList, name: name, column: column, typ: textArray, names: member}
}

// Derived declares a Text or UUID column of what derive reads out of the whole object around the column, as served; ""
// stands for NULL, and so does what is no UUID. Such a column repeats what others hold, so nothing is rebuilt from it,
// and what derive passes over is kept as if the column were not there.
func Derived(column string, typ Type, derive func(object Value) string) Member {
	if typ.OID != Text.OID && typ.OID != UUID.OID {
		panic("mapping: derived column " + column + " is neither text nor uuid")
	}
	return Member{word: wordDerived, column: column, typ: typ, derive: derive}
}

// In declares columns for the members of a nested object.
func In(name string, members ...Member) Member {
	return Member{word: wordIn, name: name, members: members}
}

// OneOf declares columns for the one object among those members of an object that have no declaration of their own, and
// kind, the column for its name. It fits OData's identity sets, where every kind is written and all but one are null.
// Where two are not, neither is stored in columns.
func OneOf(kind string, members ...Member) Member {
	return Member{word: wordOneOf, column: kind, typ: Text, members: members}
}

// Side declares a row of a child table for one side of a call: the key, the column "side" with the side's name, and
// columns fed by members of this object. There is a row if any of those members is there. Every Side of one table
// declares the same columns.
func Side(table, side string, members ...Member) Member {
	return Member{word: wordSide, table: table, side: side, members: members}
}

// Rows declares a child table with a row for each object of an array: the key of the row above, an ordinal from zero
// (integer), and the columns.
func Rows(name, table, ordinal string, members ...Member) Member {
	return Member{word: wordRows, name: name, table: table, column: ordinal, members: members}
}
