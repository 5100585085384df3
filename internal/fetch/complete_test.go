package fetch

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"ingestd/internal/mapping"
)

// Each answer is complete, or unreadable: no reading of it may lose elements or pages.
func TestNoGuessDecidesAboutCompleteness(t *testing.T) {
	t.Parallel()
	const link = `"@odata.nextLink":"https://h/v1.0/x"`
	for _, test := range []struct {
		name, body string
		elements   int
		next       bool
		refused    string // what is said; empty: read
	}{
		{name: "a page", body: `{"@odata.context":"c","value":[{},{}]}`, elements: 2},
		{name: "a page with a link", body: `{"value":[{}],` + link + `}`, elements: 1, next: true},
		{name: "link first", body: `{` + link + `,"value":[{}]}`, elements: 1, next: true},
		{name: "link in another case", body: `{"@odata.NEXTLINK":"https://h/v1.0/x","value":[]}`, next: true},
		{name: "link of a type", body: `{"callRecord@odata.nextLink":"https://h/v1.0/x","value":[]}`, next: true},
		{
			name: "link with escapes in its text", body: `{"@odata.nextLink":"https:\/\/h\/v1.0\/x","value":[]}`,
			next: true,
		},
		{name: "unknown members", body: `{"value":[],"values":1,"errors":2,"@odata.count":3,"@odata.deltaLink":"d"}`},

		{name: "two values", body: `{"value":[{}],"value":[]}`, refused: "two members"},
		{name: "two values, the first null", body: `{"value":null,"value":[]}`, refused: "two members"},
		{name: "value with an escape", body: `{"valu\u0065":[]}`, refused: "almost"},
		{name: "value and an escaped one", body: `{"value":[],"\u0076alue":[{}]}`, refused: "almost"},
		{name: "value in another case", body: `{"Value":[]}`, refused: "almost"},
		{name: "value and another case", body: `{"value":[],"VALUE":[{}]}`, refused: "almost"},
		{name: "value is null", body: `{"value":null}`, refused: "no array"},
		{name: "value is null, with a link", body: `{"value":null,` + link + `}`, refused: "no array"},
		{name: "value is an object", body: `{"value":{}}`, refused: "no array"},
		{name: "no value", body: `{}`, refused: "no array"},
		{name: "error beside value", body: `{"value":[],"error":{}}`, refused: "error object"},
		{name: "error is null", body: `{"value":[],"error":null}`, refused: "error object"},
		{name: "error in another case", body: `{"value":[],"Error":{}}`, refused: "almost"},
		{name: "error with an escape", body: `{"value":[],"err\u006fr":{}}`, refused: "almost"},

		{name: "two links", body: `{"value":[],` + link + `,` + link + `}`, refused: "more than one"},
		{
			name: "two links by other names", body: `{"value":[],` + link + `,"x@odata.nextlink":"https://h/v1.0/y"}`,
			refused: "more than one",
		},
		{name: "link is null", body: `{"value":[],"@odata.nextLink":null}`, refused: "no text"},
		{name: "link is empty", body: `{"value":[],"@odata.nextLink":""}`, refused: "no text"},
		{name: "link is a number", body: `{"value":[],"@odata.nextLink":2}`, refused: "no text"},
		{name: "link is false", body: `{"value":[],"@odata.nextLink":false}`, refused: "no text"},
		{
			name: "link is an object", body: `{"value":[],"@odata.nextLink":{"url":"https://h/v1.0/x"}}`,
			refused: "no text",
		},
		{name: "link is a list", body: `{"value":[],"@odata.nextLink":["https://h/v1.0/x"]}`, refused: "no text"},
		{name: "a link and null", body: `{"value":[],` + link + `,"@odata.nextLink":null}`, refused: "no text"},
		{
			name: "link with an escape in its name", body: `{"value":[],"@odata.nextL\u0069nk":"https://h/v1.0/x"}`,
			refused: "not asked for",
		},
		{
			name: "link by the name of OData 4.01", body: `{"value":[],"@nextLink":"https://h/v1.0/x"}`,
			refused: "not asked for",
		},
		{
			name: "link by the name of OData 3", body: `{"value":[],"odata.nextLink":"https://h/v1.0/x"}`,
			refused: "not asked for",
		},
		{name: "link of other APIs", body: `{"value":[],"nextLink":"https://h/v1.0/x"}`, refused: "not asked for"},

		{name: "link in an element", body: `{"value":[{"a@odata.nextLink":"https://h/v1.0/x"}]}`, refused: "inside"},
		{name: "null link in an element", body: `{"value":[{"a@odata.nextLink":null}]}`, refused: "inside"},
		{
			name: "escaped link in an element", body: `{"value":[{"a@odata.next\u004cink":"https://h/v1.0/x"}]}`,
			refused: "inside",
		},
		{
			name: "link in an object of an element",
			body: `{"value":[{"a":{"b":[{"c@odata.nextLink":"https://h/v1.0/x"}]}}]}`, refused: "inside",
		},

		{name: "null", body: `null`, refused: "no JSON object"},
		{name: "a list", body: `[{}]`, refused: "no JSON object"},
		{name: "a second answer", body: `{"value":[]}{"value":[{}]}`, refused: "JSON"},
		{name: "a mark in front", body: "\ufeff" + `{"value":[]}`, refused: "JSON"},
		{name: "nothing", body: ``, refused: "JSON"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var doc mapping.Document
			elements, next, err := readPage(&doc, []byte(test.body))
			if err == nil {
				err = wholeElements(elements)
			}
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("error %v, want one about %q", err, test.refused)
				}
				return
			}
			if err != nil || elements.Len() != test.elements || (next == "https://h/v1.0/x") != test.next {
				t.Errorf("%d elements, link %q, error %v", elements.Len(), next, err)
			}
		})
	}
	for at := range len(smallPage) { // by a server that gives no length, and closes the connection
		if _, _, err := readPage(new(mapping.Document), []byte(smallPage[:at])); err == nil {
			t.Errorf("a page cut at byte %d is taken for a whole one", at)
		}
	}
}

func TestNoGuessDecidesAboutARecord(t *testing.T) {
	t.Parallel()
	const id, sessions = `"id":"` + callID + `"`, `"sessions":[{}]`
	for _, test := range []struct{ name, body, refused string }{
		{"a record", `{` + id + `,"version":3,` + sessions + `}`, ""},
		{"version is a text", `{` + id + `,"version":"3",` + sessions + `}`, ""},
		{"two versions", `{` + id + `,"version":3,"version":4,` + sessions + `}`, "two members"},
		{"two ids", `{` + id + `,` + id + `,"version":3,` + sessions + `}`, "two members"},
		{"two arrays", `{` + id + `,"version":3,` + sessions + `,"sessions":[]}`, "two members"},
		{"an array in another case", `{` + id + `,"version":3,` + sessions + `,"Sessions":[]}`, "almost"},
		{"an array with an escape", `{` + id + `,"version":3,"\u0073essions":[{}]}`, "almost"},
		{"a version in another case", `{` + id + `,"version":3,"Version":4,` + sessions + `}`, "almost"},
		{"an id with an escape", `{"\u0069d":"` + callID + `","version":3,` + sessions + `}`, "almost"},
		{"an error beside", `{` + id + `,"version":3,` + sessions + `,"error":{}}`, "error object"},
		{"a version with a fraction", `{` + id + `,"version":3.5,` + sessions + `}`, "without a version"},
		{"a null version", `{` + id + `,"version":null,` + sessions + `}`, "without a version"},
		{"a null link", `{` + id + `,"version":3,` + sessions + `,"sessions@odata.nextLink":null}`, "no text"},
		{"an empty link", `{` + id + `,"version":3,` + sessions + `,"sessions@odata.nextLink":""}`, "no text"},
		{
			"a link of another array",
			`{` + id + `,"version":3,` + sessions + `,"participants_v2@odata.nextLink":"https://h/v1.0/x"}`,
			"not asked for",
		},
		{"no object", `[]`, "not the call record"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := &Part{Array: "sessions"}
			err := p.readRecord([]byte(test.body), callID)
			if err == nil {
				err = p.check()
			}
			if (err == nil) != (test.refused == "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("error %v, want one about %q", err, test.refused)
			}
		})
	}
}

// A link that leads back, and a chain of pages without end, fail the window.
func TestPagesThatLeadRound(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(page string) string{
		"to itself":           func(page string) string { return page },
		"to the first":        func(string) string { return "" },
		"between two":         func(page string) string { return map[string]string{"": "a", "a": "b", "b": "a"}[page] },
		"by another spelling": func(string) string { return "a" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
				link := *r.URL
				link.Scheme, link.Host, link.RawQuery = "https", r.Host, ""
				if page := next(r.URL.Query().Get("page")); page != "" {
					link.RawQuery = "page=" + page
				}
				fmt.Fprintf(w, `{"value":[],"@odata.nextLink":%q}`, link.String())
			})
			pages := 0
			var err error
			for _, err = range c.Pages(t.Context(), pstnCalls, "v1.0", Window{noon, noon.Add(day)}, false, nil) {
				if pages++; pages > 10 {
					t.Fatal("the pages do not end")
				}
			}
			if KindOf(err) != Transient || !strings.Contains(err.Error(), "leads back") {
				t.Errorf("error %v after %d pages", err, pages)
			}
		})
	}
	seen := map[string]bool{}
	for i := range maxPages {
		if err := visit(seen, strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if visit(seen, "another") == nil {
		t.Error("pages without end are followed")
	}
}
