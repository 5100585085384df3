package demo

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed questions/*.sql
var questions embed.FS

// A Question is one an analyst may ask.
type Question struct{ Text, SQL string }

// Questions returns the questions, those to begin with first: each file's first
// line is the question, the rest its SQL.
func Questions() []Question {
	names, _ := fs.Glob(questions, "questions/*.sql")
	var list []Question
	for _, name := range names {
		content, _ := questions.ReadFile(name)
		first, rest, _ := strings.Cut(string(content), "\n")
		list = append(list, Question{strings.TrimPrefix(first, "-- "), strings.TrimSpace(rest)})
	}
	return list
}
