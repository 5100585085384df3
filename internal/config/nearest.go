package config

import (
	"fmt"
	"regexp"
	"strings"
)

var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,39}$`)

// printable is a key as it may stand in a message: a connection string whose
// key was forgotten must not.
func printable(key string) string {
	if plainKey.MatchString(key) {
		return key
	}
	return "?"
}

// hint names the known key that an unknown one was probably meant to be, or
// all of them.
func hint(key string, known []string) string {
	nearest, least := "", max(2, len(key)/3)+1
	for _, candidate := range known {
		if d := distance(key, candidate); d < least {
			nearest, least = candidate, d
		}
	}
	if nearest == "" {
		return fmt.Sprintf(" (known here: %s)", strings.Join(known, ", "))
	}
	return fmt.Sprintf(" (did you mean %s?)", nearest)
}

// distance counts the bytes to insert, delete or replace to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
