package main

import (
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"ingestd/internal/store"
)

// maxWidth is how wide a table or a line of text is at most, unless all of it
// is asked for.
const maxWidth = 100

// gutter is what stands between two columns.
const gutter = "  "

// A column is a column of a table.
type column struct {
	name     string
	right    bool                     // numbers, which end below each other
	optional bool                     // left out where no row says anything
	least    int                      // how wide it is at least, where rows come a few at a time
	narrow   int                      // the order in which columns leave a narrow terminal; 0: it stays
	cut      bool                     // a cell is cut where the table would be too wide for a terminal
	paint    func(cell string) string // adds colour to a cell; nil: none
}

// A table is rows of cells below their columns.
type table struct {
	columns []column
	rows    [][]string
	goesOn  bool // its columns are named above it
}

// write prints the table; where the width (0: any) is too small, without the
// columns that may leave.
func (t table) write(out io.Writer, width int) error {
	t = t.without(func(i int) bool { return t.columns[i].optional && t.empty(i) })
	for leaves := 1; width > 0 && t.width() > width && leaves <= len(t.columns); leaves++ {
		t = t.without(func(i int) bool { return t.columns[i].narrow == leaves })
	}
	t.cut(width)
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = strings.ToUpper(c.name)
	}
	var text strings.Builder
	widths := t.widths()
	if !t.goesOn {
		text.WriteString(line(t.columns, widths, names, false))
	}
	for _, row := range t.rows {
		text.WriteString(line(t.columns, widths, row, true))
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// line is one row in columns of some widths.
func line(columns []column, widths []int, row []string, paint bool) string {
	cells := make([]string, len(row))
	for i, cell := range row {
		blank := strings.Repeat(" ", widths[i]-runewidth.StringWidth(cell))
		if paint && columns[i].paint != nil {
			cell = columns[i].paint(cell)
		}
		if columns[i].right {
			cells[i] = blank + cell
		} else {
			cells[i] = cell + blank
		}
	}
	return strings.TrimRight(strings.Join(cells, gutter), " ") + "\n"
}

// without is the table without the columns that a function names.
func (t table) without(leaves func(i int) bool) table {
	left := table{goesOn: t.goesOn}
	left.rows = make([][]string, len(t.rows))
	for i, c := range t.columns {
		if leaves(i) {
			continue
		}
		left.columns = append(left.columns, c)
		for r := range t.rows {
			left.rows[r] = append(left.rows[r], t.rows[r][i])
		}
	}
	return left
}

// cut makes the table as wide as a width (0: any) by cutting the cells of columns
// that may be.
func (t table) cut(width int) {
	for i, c := range t.columns {
		over := t.width() - width
		if width == 0 || over <= 0 || !c.cut {
			continue
		}
		most := max(t.widths()[i]-over, runewidth.StringWidth(c.name))
		for _, row := range t.rows {
			row[i] = runewidth.Truncate(row[i], most, "…")
		}
	}
}

// empty reports whether no row says anything in a column.
func (t table) empty(column int) bool {
	return !slices.ContainsFunc(t.rows, func(row []string) bool {
		return row[column] != "" && row[column] != "-" && row[column] != "0"
	})
}

// widths are how wide the columns are.
func (t table) widths() []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = max(runewidth.StringWidth(c.name), c.least)
		for _, row := range t.rows {
			widths[i] = max(widths[i], runewidth.StringWidth(row[i]))
		}
	}
	return widths
}

func (t table) width() int {
	sum := (len(t.columns) - 1) * len(gutter)
	for _, w := range t.widths() {
		sum += w
	}
	return sum
}

// printTable prints the answer to a query.
func printTable(out io.Writer, a store.Answer) error {
	t := table{rows: a.Rows}
	for _, name := range a.Columns {
		t.columns = append(t.columns, column{name: name})
	}
	return t.write(out, 0)
}

// wrap breaks text between words so that no line is wider than a width, and
// begins every line but the first with an indent.
func wrap(text, indent string, width int) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case runewidth.StringWidth(line)+1+runewidth.StringWidth(word) > width:
			lines = append(lines, line)
			line = indent + word
		default:
			line += " " + word
		}
	}
	return strings.Join(append(lines, line), "\n")
}
