// Package mappingtest holds the yardstick of the mapping's tests: a plain reading of JSON by encoding/json that knows
// nothing of the mapping.
package mappingtest

import (
	"bytes"
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Same fails the test unless a rebuilt document equals the served one, up to what the product promises: times to the
// microsecond, "" and year 1 as null, null as absent, GUIDs and the block mode in lower case, link speed 2^32-1 as
// null, no control annotations; and U+FFFD for what PostgreSQL cannot store.
func Same(t testing.TB, served, rebuilt []byte) {
	t.Helper()
	want, err := Normal(served)
	if err != nil {
		t.Fatalf("served document: %v", err)
	}
	got, err := Normal(rebuilt)
	if err != nil {
		t.Fatalf("rebuilt document: %v\n%s", err, rebuilt)
	}
	if !reflect.DeepEqual(want, got) { // cmp takes its time
		diff := cmp.Diff(want, got)
		t.Errorf("rebuilt document differs from the served one (-served +rebuilt):\n%s\nserved %.4000s", diff, served)
	}
}

// Normal reads a document and brings it to the form in which two documents that mean the same are equal.
func Normal(document []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return normal("", v), nil
}

func normal(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			if strings.Contains(name, "@odata.") {
				continue
			}
			if n := normal(name, member); n != nil && n != "" {
				out[strings.ReplaceAll(name, "\x00", "\uFFFD")] = n
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = normal("", element)
		}
		return out
	case json.Number:
		if name == "linkSpeed" && v == "4294967295" {
			return nil
		}
		return number(string(v))
	case string:
		if name == "userBlockMode" {
			v = strings.ToLower(v)
		}
		return text(strings.ReplaceAll(v, "\x00", "\uFFFD"))
	}
	return v
}

func text(s string) any {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		if t = t.UTC(); t.Year() == 1 {
			return nil
		}
		return t.Truncate(time.Microsecond).Format(time.RFC3339Nano)
	}
	if len(s) == 36 && strings.Count(s, "-") == 4 {
		return strings.ToLower(s)
	}
	return s
}

// number writes equal numbers alike.
func number(s string) string {
	if _, exponent, ok := strings.Cut(strings.ToLower(s), "e"); ok && len(exponent) > 5 {
		return s // written out, it would fill the memory
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return s
	}
	return r.RatString()
}
