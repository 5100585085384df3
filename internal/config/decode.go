package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// decode reads a YAML document into config. The library's own decoder quotes
// values and knows no paths, so the tree is walked here. The struct and its
// yaml tags are the only list of keys.
func (l *loader) decode(data []byte, config *Config) {
	var documents []yaml.Node
	if err := yaml.Load(data, &documents, yaml.WithAllDocuments()); err != nil {
		l.syntax(err)
	}
	if len(documents) > 0 { // more than comments
		l.value("", documents[0].Content[0], reflect.ValueOf(config).Elem())
	}
	if len(documents) > 1 {
		l.places[""] = place{line: documents[1].Line}
		l.add("", "a second document is not allowed")
	}
}

// syntax reports a file that is not YAML. The parser's messages quote one
// character at most; those of the stage after it quote the name of an alias.
func (l *loader) syntax(err error) {
	text := "unreadable"
	if parsing, ok := errors.AsType[*yaml.LoadError](err); ok {
		l.places[""] = place{line: max(parsing.Mark.Line, 1)}
		text, _, _ = strings.Cut(parsing.Message, " (value: ")
		if parsing.Stage == yaml.ComposerStage {
			text = "an alias without an anchor (quote a value that begins with *)"
		}
	}
	l.add("", "not valid YAML near this line: %s", text)
}

// value decodes a node into v.
func (l *loader) value(path string, node *yaml.Node, v reflect.Value) {
	scan := scanner(v.Addr().Interface())
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		l.add(path, "anchors and aliases are not allowed (quote a value that begins with & or *)")
	case node.Style&yaml.TaggedStyle != 0:
		l.add(path, "tags are not allowed (quote a value that begins with !)")
	case scan != nil:
		l.scalar(path, node, v, scan)
	case node.Tag == "!!null":
		// A mapping whose keys are all commented out.
	case v.Kind() == reflect.Slice:
		l.list(path, node, v)
	case v.Kind() == reflect.Map:
		l.table(path, node, v)
	default:
		l.structure(path, node, v)
	}
}

func (l *loader) scalar(path string, node *yaml.Node, v reflect.Value, scan func(string) error) {
	switch {
	case node.Kind != yaml.ScalarNode:
		l.add(path, "must be a single value")
	case node.Tag == "!!null" || node.Value == "":
		l.add(path, "has no value (remove the key to get the default)")
	case v.Kind() == reflect.String && node.Tag != "!!str":
		l.add(path, "must be text (put it in quotes)")
	default:
		if err := scan(node.Value); err != nil {
			l.add(path, "%s", err)
		}
	}
}

// list decodes a list; each entry begins as newEntry makes it.
func (l *loader) list(path string, node *yaml.Node, v reflect.Value) {
	if node.Kind != yaml.SequenceNode {
		l.add(path, "must be a list (each entry begins with -)")
		return
	}
	for i, content := range node.Content {
		entryPath := fmt.Sprintf("%s[%d]", path, i)
		l.places[entryPath] = place{line: content.Line}
		entry := l.newEntry(v.Type().Elem())
		l.value(entryPath, content, entry)
		v.Set(reflect.Append(v, entry))
	}
}

// newEntry is what an entry of a list is before it is read: a tenant has its
// defaults.
func (l *loader) newEntry(t reflect.Type) reflect.Value {
	entry := reflect.New(t).Elem()
	if t == reflect.TypeFor[Tenant]() {
		entry.Set(reflect.ValueOf(newTenant(l.known)))
	}
	return entry
}

// table decodes a map that holds an entry with defaults for each known key.
func (l *loader) table(path string, node *yaml.Node, v reflect.Value) {
	known := make(map[string]reflect.Value)
	for _, key := range v.MapKeys() {
		entry := reflect.New(v.Type().Elem()).Elem()
		entry.Set(v.MapIndex(key))
		known[key.String()] = entry
	}
	l.mapping(path, node, known)
	for key, entry := range known {
		v.SetMapIndex(reflect.ValueOf(key), entry)
	}
}

func (l *loader) structure(path string, node *yaml.Node, v reflect.Value) {
	known := make(map[string]reflect.Value)
	for field, value := range v.Fields() {
		if key := field.Tag.Get("yaml"); key != "-" {
			known[key] = value
		}
	}
	l.mapping(path, node, known)
}

// mapping decodes the pairs of a mapping, each into the value its key names.
func (l *loader) mapping(path string, node *yaml.Node, known map[string]reflect.Value) {
	if node.Kind != yaml.MappingNode {
		l.add(path, "must be a mapping (key: value)")
		return
	}
	first := make(map[string]int)
	for pair := range slices.Chunk(node.Content, 2) {
		key := pair[0]
		keyPath := join(path, printable(key.Value))
		l.places[keyPath] = place{line: key.Line}
		v, ok := known[key.Value]
		switch line, again := first[key.Value]; {
		case key.Tag == "!!merge":
			l.add(keyPath, "merge keys are not allowed")
		case !ok || key.Kind != yaml.ScalarNode || key.Anchor != "":
			l.add(keyPath, "unknown key%s", hint(key.Value, slices.Sorted(maps.Keys(known))))
		case again:
			l.add(keyPath, "given twice, first on line %d", line)
		default:
			first[key.Value] = key.Line
			l.value(keyPath, pair[1], v)
		}
	}
}
