package privacy

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"ingestd/internal/catalog"
)

// What becomes of a text follows from the column's classes, their modes and what it looks like.
func TestReplace(t *testing.T) {
	t.Parallel()
	const dropped, pseudonym = "-", "?" // what stands for a pseudonym below
	for _, c := range []struct {
		column, modes, text, want string // modes: identity, numbers, location, text
	}{
		{"caller_number", "keep mask keep keep", "+4930123456", "+4930123***"},
		{"caller_number", "keep mask keep keep", "+41441234567", "+4144123****"},
		{"caller_number", "keep mask keep keep", "+33 1 23 45 67 89", "+33 1 23 45 ** **"},
		{"caller_number", "keep mask keep keep", "+493012345*", "+493012345*"},
		{"caller_number", "keep mask keep keep", "110", "***"},
		{"caller_number", "keep mask keep keep", "***", "***"},
		{"caller_number", "keep mask keep keep", "Internal Revenue Service", dropped},
		{"caller_number", "hmac keep keep keep", "Internal Revenue Service", pseudonym},
		{"caller_number", "hmac keep keep keep", "+4930123456", "+4930123456"},
		{"caller_number", "keep hmac keep keep", "+4930123456", "+49" + pseudonym},
		{"caller_number", "keep hmac keep keep", "+12045550123", "+1204" + pseudonym},
		{"caller_number", "keep hmac keep keep", "+49301234***", "+49" + pseudonym + "***"},
		{"caller_number", "keep hmac keep keep", "4711", pseudonym},
		{"caller_number", "keep drop keep keep", "+4930123456", dropped},
		{"identity_id", "keep hmac keep keep", "+4930123456", "+49" + pseudonym},
		{"caller_number", "drop hmac keep keep", "+4930123456", "+49" + pseudonym},
		{"identity_id", "drop hmac keep keep", "+4930123456", "+49" + pseudonym},
		{"identity_id", "keep hmac keep keep", "Anna", "Anna"},
		{"identity_id", "hmac keep keep keep", "teamsvisitor:0123456789abcdef", "teamsvisitor:" + pseudonym},
		{"identity_id", "drop drop drop drop", strings.ToUpper(assistants[0]), strings.ToUpper(assistants[0])},
		{"user_id", "drop keep keep keep", "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01", dropped},
		{"ip_address", "keep keep truncate keep", "203.0.113.77", "203.0.113.0"},
		{"ip_address", "keep keep truncate keep", "2001:db8:1:2::3", "2001:db8:1::"},
		{"ip_address", "keep keep truncate keep", "::ffff:203.0.113.77", "203.0.113.0"},
		{"subnet", "keep keep truncate keep", "10.1.2.128/25", "10.1.2.0/24"},
		{"subnet", "keep keep truncate keep", "10.0.0.0/8", "10.0.0.0/8"},
		{"mac_address", "keep keep truncate keep", "00-00-5E-00-53-01", "00-00-5E-00-00-00"},
		{"mac_address", "keep keep hmac keep", "00:00:5e:00:53:01", pseudonym},
		{"dns_suffix", "keep keep truncate keep", "berlin.example.com", dropped},
		{"endpoint_name", "hmac keep truncate keep", "ANNAS-PC", dropped},
		{"endpoint_name", "hmac keep keep keep", "ANNAS-PC", pseudonym},
		{"feedback_text", "keep keep keep drop", "I could not hear Anna", dropped},
		{"nobody_has_seen_it", "keep keep keep drop", "Anna", dropped},
		{"nobody_has_seen_it", "keep mask keep keep", "+4930123456", "+4930123***"},
		{"call_type", "drop drop drop drop", "user_out", "user_out"},
	} {
		stored, ok := []byte(c.text), true
		if r := newTestPolicy(t, c.modes).ruleOf(c.column); r != nil {
			stored, ok = r.Replace(stored)
		}
		got := string(stored)
		if !ok {
			got = dropped
		} else if r := newTestPolicy(t, c.modes).ruleOf(c.column); r != nil {
			if again, ok := r.Replace(stored); !ok || string(again) != got {
				t.Errorf("%s with %s: %q becomes %q again", c.column, c.modes, got, again)
			}
		}
		// Modes that leave a part of a value leave a pseudonym.
		if r := newTestPolicy(t, "keep mask truncate keep").ruleOf(c.column); r != nil && ok && IsPseudonym(stored) {
			if again, ok := r.Replace(stored); !ok || string(again) != got {
				t.Errorf("%s: %q becomes %q", c.column, got, again)
			}
		}
		if i := strings.IndexByte(got, mark); i >= 0 && len(got) >= i+markedLength && IsPseudonym(stored) {
			got = got[:i] + pseudonym + got[i+markedLength:]
		}
		if got != c.want {
			t.Errorf("%s with %s: %q becomes %q, want %q", c.column, c.modes, c.text, got, c.want)
		}
	}
}

func newTestPolicy(t testing.TB, modes string) *Policy {
	t.Helper()
	of := map[catalog.Class]Mode{}
	for i, mode := range strings.Fields(modes) {
		of[catalog.Classes[i]] = Mode(mode)
	}
	p, err := New(of, []byte("a secret of thirty-two bytes, or more"), uuid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNew(t *testing.T) {
	t.Parallel()
	if p, err := New(nil, nil, uuid.Nil); p != nil || err != nil || p.Redactor(nil) != nil {
		t.Errorf("a policy though all is kept: %v, %v", p, err)
	}
	if _, err := New(map[catalog.Class]Mode{catalog.Identity: Mask}, nil, uuid.Nil); err == nil {
		t.Error("identities are masked")
	}
}

// Pseudonyms are of one tenant and class, and stay the same from one version of the program to the next.
func TestPseudonyms(t *testing.T) {
	t.Parallel()
	of := func(tenant uuid.UUID, column, text string) string {
		p, err := New(map[catalog.Class]Mode{catalog.Identity: HMAC, catalog.Location: HMAC}, make([]byte, 32), tenant)
		if err != nil {
			t.Fatal(err)
		}
		stored, _ := p.ruleOf(column).Replace([]byte(text))
		return string(stored)
	}
	one, two := uuid.Nil, uuid.Max
	const id = "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01"
	if of(one, "user_id", id) == of(two, "user_id", id) {
		t.Error("two tenants have the same pseudonyms")
	}
	if of(one, "dns_suffix", "anna") == of(one, "display_name", "anna") {
		t.Error("two classes have the same pseudonyms")
	}
	for text, want := range map[string]string{
		id: "c1f4306c-18f0-8c0f-9d48-3e34ce0b383b", "anna": "x72ewbs4zzvkwtizrhhkuwyiezm",
	} {
		if got := of(one, "display_name", text); got != want {
			t.Errorf("%s becomes %s, was %s", text, got, want)
		}
	}
}
