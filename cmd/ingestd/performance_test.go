package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"text/template"

	"ingestd/internal/bench"
	"ingestd/internal/golden"
)

// TestPerformance holds docs/performance.md and its picture to the figures in
// docs/performance.jsonl, which "make bench JSON=docs/performance.jsonl" adds to.
func TestPerformance(t *testing.T) {
	t.Parallel()
	f := readFigures(t, "../../docs/performance.jsonl")
	page := f.render(t, "testdata/performance.md.tmpl")
	picture := f.render(t, "testdata/cost-per-row.svg.tmpl")
	golden.Check(t, "../../docs/performance.md", page)
	golden.Check(t, "../../docs/images/cost-per-row.svg", picture)
}

// figures are those of a file: by benchmark and unit.
type figures struct {
	On     string // what they were measured on
	values map[[2]string]float64
}

func readFigures(t *testing.T, file string) *figures {
	t.Helper()
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f := &figures{values: map[[2]string]float64{}}
	for lines := json.NewDecoder(r); lines.More(); {
		var line bench.Figure
		if err := lines.Decode(&line); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		f.On, f.values[[2]string{line.Benchmark, line.Unit}] = line.On, line.Value
	}
	return f
}

// value is a figure; one that is not there cannot be shown.
func (f *figures) value(benchmark, unit string) (float64, error) {
	v, ok := f.values[[2]string{"Benchmark" + benchmark, unit}]
	if !ok {
		return 0, fmt.Errorf("no figure %s of Benchmark%s", unit, benchmark)
	}
	return v, nil
}

// The curve of costs: where zero is, in pixels from the top, and pixels for each µs.
const (
	curveFoot  = 240
	curveScale = 3.3
)

// twoDigits writes a figure to two digits, or to the whole number if that is longer.
func twoDigits(v float64) string {
	if v == math.Trunc(v) || math.Abs(v) >= 10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.*f", max(0, 1-int(math.Floor(math.Log10(math.Abs(v))))), v)
}

func (f *figures) render(t *testing.T, file string) string {
	t.Helper()
	name := file[strings.LastIndexByte(file, '/')+1:]
	page, err := template.New(name).Funcs(template.FuncMap{
		"f": func(benchmark, unit string) (string, error) {
			v, err := f.value(benchmark, unit)
			return twoDigits(v), err
		},
		"height": func(benchmark, unit string) (string, error) {
			v, err := f.value(benchmark, unit)
			return fmt.Sprintf("%.0f", curveFoot-curveScale*v), err
		},
	}).ParseFiles(file)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := page.Execute(&text, f); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
