package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// A Row is the values of one row in the order of its Layout's columns, in PostgreSQL's binary form, nil for NULL.
type Row [][]byte

// Rebuild returns the JSON document that one element's rows came from. rows holds, table by table as in Tables, all
// rows of the element, in any order. The document equals the served one but for this: times to the microsecond, "" and
// year 1 as null, null as absent, GUIDs in lower case, no control annotations.
func (m *Model) Rebuild(rows [][]Row) ([]byte, error) { return m.rebuild(rows, false) }

// Restore is Rebuild with what makes Append encode the same rows again: annotations say what is stored where the
// document does not, in columns derived from other annotations, and of a key whose parts were stored otherwise.
func (m *Model) Restore(rows [][]Row) ([]byte, error) { return m.rebuild(rows, true) }

// storedForm ends the name of an annotation that Restore makes; it begins with that of a column.
const storedForm = "@odata.storedForm"

func (m *Model) rebuild(rows [][]Row, annotated bool) ([]byte, error) {
	if len(rows) != len(m.Tables) || len(rows[0]) != 1 {
		return nil, fmt.Errorf("rebuild wants one row of %s and its %d child tables", m.Tables[0].Name, len(m.Tables)-1)
	}
	r := rebuilder{m, make([]map[string][]Row, len(rows)), annotated}
	for table := 1; table < len(rows); table++ {
		r.children[table] = groupByParent(m.Tables[table], rows[table])
	}
	document := object{}
	if err := r.row(document, 0, m.root.plans, rows[0][0], 0); err != nil {
		return nil, err
	}
	return json.Marshal(document)
}

// An object is a JSON object being rebuilt. Its values are objects, slices of values and json.RawMessage.
type object map[string]any

type rebuilder struct {
	model     *Model
	children  []map[string][]Row // per table, by the key of the row above
	annotated bool
}

// groupByParent sorts rows by their last key column within their parent's key.
func groupByParent(t *Layout, rows []Row) map[string][]Row {
	groups := map[string][]Row{}
	for _, row := range rows {
		parent := encodeKey(row[:t.Key-1])
		groups[parent] = append(groups[parent], row)
	}
	for _, group := range groups {
		slices.SortFunc(group, func(a, b Row) int { return slices.Compare(a[t.Key-1], b[t.Key-1]) })
	}
	return groups
}

func encodeKey(fields Row) string {
	var key []byte
	for _, f := range fields {
		key = AppendField(key, f)
	}
	return string(key)
}

// row adds what one row says to an object: its columns from the given one on, and its unknown_fields.
func (r *rebuilder) row(into object, table int, plans []plan, row Row, column int) error {
	key := encodeKey(row[:r.model.Tables[table].Key])
	if _, err := r.members(into, plans, row, &column, key); err != nil {
		return err
	}
	if r.annotated && table == 0 {
		r.annotateKey(into, plans, row)
	}
	unknown := row[len(row)-1]
	if unknown == nil {
		return nil
	}
	var doc Document
	if err := doc.Parse(unknown[1:]); err != nil {
		return fmt.Errorf("unknown_fields of %s: %w", r.model.Tables[table].Name, err)
	}
	merge(into, doc.Root())
	return nil
}

// members adds the members of one object; any reports whether there are any.
func (r *rebuilder) members(into object, plans []plan, row Row, column *int, key string) (any bool, err error) {
	next := func() []byte { *column++; return row[*column-1] }
	var nulls []string
	for i := range plans {
		p := &plans[i]
		switch p.word {
		case wordHashKey:
			next()
		case wordDerived:
			switch value := next(); {
			case !r.annotated:
			case value == nil:
				nulls = append(nulls, p.column)
			default:
				into[p.column+storedForm] = json.RawMessage(p.render(value))
			}
		case wordKey, wordCol, wordList:
			value := next()
			if p.source != "" && string(next()) == SourceHash {
				value = nil
			}
			if value != nil {
				into[p.name] = json.RawMessage(p.render(value))
			}
		case wordIn, wordOneOf:
			name, inner, chosen := p.name, object{}, false
			if p.word == wordOneOf {
				kind := next()
				name, chosen = string(kind), kind != nil
			}
			found, err := r.members(inner, p.inner.plans, row, column, key)
			if err != nil {
				return false, err
			}
			if found || chosen {
				into[name] = inner
			}
		case wordSide:
			err = r.side(into, p, key)
		case wordRows:
			err = r.array(into, p, key)
		}
		if err != nil {
			return false, err
		}
	}
	any = len(into) > 0
	for _, column := range nulls {
		if any { // else there was no object that it could be derived from
			into[column+storedForm] = nil
		}
	}
	return any, nil
}

// annotateKey says what the key of an element is if it is a hash of something else than the columns say.
func (r *rebuilder) annotateKey(into object, plans []plan, row Row) {
	columns := r.model.Tables[0].ColumnNames()
	for _, p := range plans {
		at := slices.Index(columns, p.column)
		if len(p.hashed) == 0 || p.source != "" && string(row[at+1]) != SourceHash {
			continue
		}
		var parts []byte
		for _, part := range p.hashed {
			parts = AppendField(parts, row[slices.Index(columns, part.column)])
		}
		if !bytes.Equal(row[at], keyHash(parts)) {
			into[p.column+storedForm] = json.RawMessage(quote(nil, row[at]))
		}
	}
}

func (p *plan) render(value []byte) []byte {
	if p.word == wordList {
		return listJSON(nil, value, p.names)
	}
	return p.typ.json(nil, value)
}

func (r *rebuilder) side(into object, p *plan, parent string) error {
	t := r.model.Tables[p.table]
	for _, row := range r.children[p.table][parent] {
		if string(row[t.Key-1]) == p.side {
			return r.row(into, p.table, p.inner.plans, row, t.Key)
		}
	}
	return nil
}

func (r *rebuilder) array(into object, p *plan, parent string) error {
	rows := r.children[p.table][parent]
	if len(rows) == 0 {
		return nil
	}
	elements := make([]any, len(rows))
	for i, row := range rows {
		element := object{}
		if err := r.row(element, p.table, p.inner.plans, row, r.model.Tables[p.table].Key); err != nil {
			return err
		}
		elements[i] = element
	}
	into[p.name] = elements
	return nil
}

// merge adds kept members to an object: inside an object that is there, before the elements of an array, whose later
// pages alone made rows, and instead of any other value.
func merge(into object, unknown Value) {
	for name, value := range unknown.Members() {
		text, _ := name.unquoted()
		key := string(text)
		switch have := into[key].(type) {
		case object:
			if value.Kind() == '{' {
				merge(have, value)
				continue
			}
		case []any:
			into[key] = append(kept(value), have...)
			continue
		}
		into[key] = json.RawMessage(value.Raw())
	}
}

func kept(array Value) (elements []any) {
	if array.Kind() != '[' {
		return []any{json.RawMessage(array.Raw())}
	}
	for element := range array.Elements() {
		elements = append(elements, json.RawMessage(element.Raw()))
	}
	return elements
}
