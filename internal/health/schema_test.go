package health_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/google/uuid"

	"ingestd/internal/golden"
	"ingestd/internal/health"
)

const (
	schemaFile = "../../docs/status.schema.json"
	goldenFile = "testdata/status.json"
)

// The published schema is that of the type.
func TestStatusSchema(t *testing.T) {
	t.Parallel()
	want, err := json.MarshalIndent(schema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, schemaFile, string(want)+"\n")
}

// What was promised stays: a document of version 1 is read and written without
// loss, and keeps to the schema.
func TestStatusGolden(t *testing.T) {
	t.Parallel()
	golden := read(t, goldenFile)
	var document any
	if err := json.Unmarshal(golden, &document); err != nil {
		t.Fatal(err)
	}
	resolved := resolve(t)
	if err := resolved.Validate(document); err != nil {
		t.Error(err)
	}
	var s health.Snapshot
	strict := json.NewDecoder(bytes.NewReader(golden))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&s); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(again)+"\n"); diff != "" {
		t.Errorf("read (-) and written again (+):\n%s", diff)
	}
}

// The schema takes a word more and a field more, which version 1 may get, and
// nothing of another type.
func TestStatusSchemaGrows(t *testing.T) {
	t.Parallel()
	resolved := resolve(t)
	for _, c := range []struct {
		old, new string
		valid    bool
	}{
		{`"level": "act_now"`, `"level": "a_word_of_tomorrow"`, true},
		{`"version": 1,`, `"version": 1, "of_tomorrow": true,`, true},
		{`"failures": 654`, `"failures": "654"`, false},
		{`"failures": 654`, `"failures": 6.5`, false},
		{`"failures": 654,`, ``, false},
		{`"last_error": null`, `"last_error": 1`, false},
	} {
		text := string(read(t, goldenFile))
		if !strings.Contains(text, c.old) {
			t.Fatalf("%s has no %s", goldenFile, c.old)
		}
		var document any
		if err := json.Unmarshal([]byte(strings.Replace(text, c.old, c.new, 1)), &document); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(document); (err == nil) != c.valid {
			t.Errorf("%s: %v", c.new, err)
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func resolve(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	var s jsonschema.Schema
	if err := json.Unmarshal(read(t, schemaFile), &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// schema is that of a snapshot, described by the comments of the type.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	comments, words := source(t)
	word := func(name string) *jsonschema.Schema {
		known := strings.Join(words[name], ", ")
		return &jsonschema.Schema{Type: "string", Description: "More words may come. So far: " + known}
	}
	s, err := jsonschema.For[health.Snapshot](&jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[time.Time]():    {Type: "string", Format: "date-time"},
		reflect.TypeFor[uuid.UUID]():    {Type: "string", Format: "uuid"},
		reflect.TypeFor[health.Level](): word("Level"),
		reflect.TypeFor[health.State](): word("State"),
		reflect.TypeFor[health.Flag]():  word("Flag"),
		reflect.TypeFor[health.Code]():  word("Code"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "Status of ingestd, version 1"
	describe(s, reflect.TypeFor[health.Snapshot](), comments)
	return s
}

// describe adds what the type's comments say. Fields may be added within a
// version, so that others are allowed; a list is never null.
func describe(s *jsonschema.Schema, of reflect.Type, comments map[string]string) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		if of.Kind() == reflect.Slice {
			s.Type, s.Types = "array", nil
			s = s.Items
		}
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || s.Properties == nil {
		return
	}
	s.AdditionalProperties = nil
	s.Description = comments[of.Name()]
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if member := s.Properties[name]; member != nil {
			describe(member, field.Type, comments)
			if text := comments[of.Name()+"."+field.Name]; text != "" {
				member.Description = strings.TrimSpace(text + ". " + member.Description)
			}
		}
	}
}

// source reads comments, by type and by type and field, and the words of types,
// from the source of the package.
func source(t *testing.T) (comments map[string]string, words map[string][]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "snapshot.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments, words = map[string]string{}, map[string][]string{}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				comments[spec.Name.Name] = line(decl.Doc.Text())
				if of, ok := spec.Type.(*ast.StructType); ok {
					for _, f := range of.Fields.List {
						comments[spec.Name.Name+"."+f.Names[0].Name] = line(f.Comment.Text())
					}
				}
			case *ast.ValueSpec:
				if of, ok := spec.Type.(*ast.Ident); ok {
					word := spec.Values[0].(*ast.BasicLit).Value
					words[of.Name] = append(words[of.Name], strings.Trim(word, `"`))
				}
			}
		}
	}
	if !slices.Contains(words["State"], "on_time") {
		t.Fatal("snapshot.go has no states")
	}
	return comments, words
}

// line is a comment on one line.
func line(comment string) string { return strings.Join(strings.Fields(comment), " ") }
