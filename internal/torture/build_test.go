package torture

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// root is the module's folder.
const root = "../.."

// A replacement is a text of a file, which must occur there once, and what stands in its place.
type replacement struct{ file, old, with string }

// replace returns the files' texts with the others in place.
func replace(list []replacement) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for _, r := range list {
		text, known := texts[r.file]
		if !known {
			var err error
			if text, err = os.ReadFile(filepath.Join(root, r.file)); err != nil {
				return nil, err
			}
		}
		if n := strings.Count(string(text), r.old); n != 1 {
			return nil, fmt.Errorf("%s: the text to be replaced occurs %d times, not once:\n%s", r.file, n, r.old)
		}
		texts[r.file] = []byte(strings.Replace(string(text), r.old, r.with, 1))
	}
	for file, text := range texts {
		if _, err := format.Source(text); err != nil && strings.HasSuffix(file, ".go") {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return texts, nil
}

// A mutant is the program with a bug.
type mutant struct {
	name, says   string
	replacements []replacement
}

// mutants are the files of a folder. Each says what the bug is; then follow, by turns, a file's name with the text to
// be replaced, and "with" with the other.
func mutants(t testing.TB) (list []mutant) {
	t.Helper()
	files, err := filepath.Glob("mutants/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no mutants", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := mutant{strings.TrimSuffix(filepath.Base(file), ".txt"), strings.TrimSpace(string(archive.Comment)), nil}
		for i := 0; i+1 < len(archive.Files); i += 2 {
			from, with := archive.Files[i], archive.Files[i+1]
			if with.Name != "with" {
				t.Fatalf("%s: %s is followed by %s", file, from.Name, with.Name)
			}
			trim := func(text []byte) string { return strings.TrimRight(string(text), "\n") }
			m.replacements = append(m.replacements, replacement{from.Name, trim(from.Data), trim(with.Data)})
		}
		if len(m.replacements) == 0 || m.says == "" {
			t.Fatalf("%s: no bug", file)
		}
		list = append(list, m)
	}
	return list
}

// TestMutants holds that each bug can still be put in.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, m := range mutants(t) {
		if _, err := replace(append(clockReplacements, m.replacements...)); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// build builds the program with a mutant's bugs, or with none, and returns its path.
func build(t testing.TB, m mutant) string {
	t.Helper()
	dir := t.TempDir()
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	add := func(file string, text []byte) {
		t.Helper()
		name, err := filepath.Abs(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		by := filepath.Join(dir, fmt.Sprint(len(overlay.Replace)))
		overlay.Replace[name] = by
		if err := os.WriteFile(by, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	texts, err := replace(append(clockReplacements, m.replacements...))
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range texts {
		add(file, text)
	}
	add("internal/fetch/simulated_clock.go", []byte(clockSource))
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	file, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "ingestd")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", file, "-o", program, "./cmd/ingestd")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s does not compile: %v\n%s", m.name, err, out)
	}
	return program
}
