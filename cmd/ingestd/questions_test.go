package main

import (
	"regexp"
	"strings"
	"testing"

	"ingestd/internal/demo"
)

// firstLines are those of the answers to the questions of the demo: they tell
// what happened to the company.
var firstLines = []struct{ question, first string }{
	{"Over which network", `^\S.*\|10\.\d+\.\d\.0\|\d+\|[4-9]\d\.\d\|`},
	{"Which trunk failed", `^sbc1\.newyork\.contoso\.example\|2025-11-07\|`},
	{"Whom can nobody reach", `^[^|]+\|(\d\d+)\|(\d\d+)\|100$`},
	{"Which queue loses", `^Service Desk London\|`},
	{"Which microphone crackles", `^Headset \(Example Bargain 10\)\|`},
	{"Who forwards calls abroad", `^[^|]+\|ZA\|36\|2025-11-04\|2025-11-09\|[0-9.]+ ...\|2025-11-10$`},
	{"Which pool", `^2025-11-01\|NL\|MCOPSTN1\|3000\|2400\|125\.00$`},
	{"Which numbers", `^\+493023125\d\d\d\|$`},
	{"Which meetings", `^2025-`},
	{"Which countries", `^South Africa\|EUR\|`},
	{"What did text messages", `^(in|out)bound\|Domestic\|`},
	{"Do the dial-out report", `^[A-Z]{3}\|(\d+)\|\d+\|([0-9.]+)\|`},
}

// checkQuestions asks the questions of the demo.
func checkQuestions(t *testing.T, a *app) {
	t.Helper()
	questions := demo.Questions()
	if len(questions) != len(firstLines) {
		t.Fatalf("%d questions, and %d answers are known", len(questions), len(firstLines))
	}
	for i, q := range questions {
		answer, err := a.db.Ask(t.Context(), zone+atToday.Replace(q.SQL))
		if err != nil {
			t.Errorf("%s: %v", q.Text, err)
			continue
		}
		first := ""
		if len(answer.Rows) > 0 {
			first = strings.Join(answer.Rows[0], "|")
		}
		want := firstLines[i]
		if !strings.HasPrefix(q.Text, want.question) || !regexp.MustCompile(want.first).MatchString(first) {
			t.Errorf("%s\nthe first line is %s, not like %s", q.Text, first, want.first)
		}
	}
}
