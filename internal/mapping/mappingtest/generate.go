package mappingtest

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// A Property is one line of Graph's metadata.
type Property struct {
	Type, Name, Edm string
	Nullable        bool
	APIs            []string
}

// ReadProperties reads a list of tab-separated lines: type, property, Edm type, "null" or "not null", API versions,
// "open" for what is undeclared.
func ReadProperties(r io.Reader) ([]Property, error) {
	var list []Property
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		f := strings.Split(lines.Text(), "\t")
		if len(f) != 5 {
			return nil, fmt.Errorf("property list: %q has %d fields, want 5", lines.Text(), len(f))
		}
		list = append(list, Property{f[0], f[1], f[2], f[3] == "null", strings.Fields(f[4])})
	}
	return list, lines.Err()
}

// Element generates the JSON text of an object of the given type as one API version may serve it, and as it never
// should: each property present, absent, null, empty, extreme or of a wrong type, in any order, with members nobody
// declared and strings no database can hold. The members in keys fit if they are there, and the first of them is there.
func Element(properties []Property, typ, api string, keys ...string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var members []string
		for _, p := range properties {
			if p.Type != typ || !slices.Contains(p.APIs, api) {
				continue
			}
			generator := Value(p.Edm)
			switch slices.Index(keys, p.Name) {
			case -1:
			case 0:
				generator = keyValue(p.Edm)
			default:
				generator = rapid.OneOf(rapid.SampledFrom([]string{"", "null", `""`}), keyValue(p.Edm))
			}
			value := generator.Draw(t, p.Name)
			if value != "" {
				members = append(members, quoted(p.Name)+": "+value)
			}
		}
		members = append(members, rapid.SliceOfN(unknownMember(), 0, 3).Draw(t, "unknown")...)
		members = distinct(rapid.Permutation(members).Draw(t, "order"))
		return "{" + strings.Join(members, ", ") + "}"
	})
}

// Value generates the JSON text of a value of an Edm type, or "" for none.
func Value(edm string) *rapid.Generator[string] { return odd(fitting(edm)) }

// odd generates what fits, and now and then what does not.
func odd(fits *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		switch n := rapid.IntRange(0, 19).Draw(t, "case"); {
		case n < 3:
			return ""
		case n < 6:
			return "null"
		case n == 6:
			return `""`
		case n == 7:
			return anything().Draw(t, "misfit")
		case n == 8:
			return sanitized().Draw(t, "sanitized")
		}
		return fits.Draw(t, "value")
	})
}

// keyValue generates values that fit any column of a key. Of texts that is a GUID, which moreover no two elements
// share.
func keyValue(edm string) *rapid.Generator[string] {
	if edm == "Edm.DateTimeOffset" {
		return fitting(edm)
	}
	return rapid.Map(
		rapid.StringMatching(`[0-9A-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		strconv.Quote,
	)
}

func fitting(edm string) *rapid.Generator[string] {
	switch edm {
	case "Edm.Int32":
		return rapid.Map(rapid.Int32(), func(n int32) string { return strconv.Itoa(int(n)) })
	case "Edm.Int64":
		return rapid.Map(rapid.Int64(), func(n int64) string { return strconv.FormatInt(n, 10) })
	case "Edm.Decimal":
		return rapid.OneOf(rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,10})?`),
			rapid.StringMatching(`-?[1-9](\.[0-9]{1,4})?[eE][+-]?[0-9]{1,2}`))
	case "Edm.Single", "Edm.Double":
		return rapid.Map(rapid.Float64Range(-math.MaxFloat32, math.MaxFloat32),
			func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) })
	case "Edm.Boolean":
		return rapid.SampledFrom([]string{"true", "false"})
	case "Edm.DateTimeOffset":
		return rapid.OneOf(
			rapid.StringMatching(`"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])`+
				`T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,7})?(Z|\+00:00)"`),
			rapid.SampledFrom([]string{`"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.9999999Z"`,
				`"1899-12-31T00:00:00+05:30"`}))
	case "Edm.Duration":
		return rapid.StringMatching(`"PT[0-9]{1,4}(\.[0-9]{0,6}[1-9])?S"|"-?P[0-9]DT[0-9]H[0-9]{1,2}M[0-9]S"`)
	case "Collection(administrativeUnitInfo)":
		const guid = `"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"`
		unit := rapid.StringMatching(`\{"id": (` + guid + `|null|""|7)\}|\{\}|\{"id": "x", "displayName": "y"\}`)
		return rapid.Map(rapid.SliceOfN(unit, 0, 3), array)
	default: // strings and enumerations
		return rapid.OneOf(
			rapid.Map(rapid.String(), quoted),
			rapid.Map(
				rapid.SampledFrom([]string{"microsoft", "Blocked", "user_out", "+4930123***", "10.0.0.1", "fe80::1",
					"7F0A3C52-1D2E-4F7B-8A55-52D1B8B0C9A1", strings.Repeat("long ", 700)}),
				quoted,
			),
		)
	}
}

// anything generates a value of any JSON type.
func anything() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		`0`, `-1`, `12.50`, `1e3`, `2147483648`, `99999999999999999999`, `1e400`, `1E-400`, `true`, `false`, `"text"`,
		`"12"`, `"12.50"`, `" 1234"`, `"1234 "`, `"NaN"`, `"INF"`,
		`[]`, `{}`, `[1, "two", null, {"three": 3}]`, `{"a": {"b": [null, {"c": ""}]}, "@odata.type": "#x"}`,
		`"300000-01-01T00:00:00Z"`, `"2026-02-30"`,
	})
}

// sanitized generates strings that can only be stored with characters replaced.
func sanitized() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{`"a\u0000b"`, `"\ud800"`, `"x\udc00y"`, "\"\xff\"", "\"half \xe2\x82\""})
}

func unknownMember() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		name := rapid.SampledFrom([]string{"newMember", "anotherOne", "ünïcode", `quo"ted`, "@odata.type",
			"x@odata.count"}).Draw(t, "name")
		return quoted(name) + ": " + rapid.OneOf(anything(), sanitized()).Draw(t, "value")
	})
}

// distinct keeps the first of the members of one name.
func distinct(members []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(members, func(m string) bool {
		name, _, _ := strings.Cut(m, ": ")
		again := seen[name]
		seen[name] = true
		return again
	})
}

func array(elements []string) string { return "[" + strings.Join(elements, ", ") + "]" }

// quoted writes a JSON string; of Go's escapes it uses only JSON's.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
