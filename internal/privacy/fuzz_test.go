package privacy

import (
	"bytes"
	"net/netip"
	"testing"

	"ingestd/internal/mapping"
)

// Whatever a text is, what is stored of it in each mode is stored again as it is; a GUID stays a GUID, and an address
// an address.
func FuzzReplace(f *testing.F) {
	for _, text := range []string{
		"+4930123456", "+12345678***", "Anna", "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01", "203.0.113.77", "2001:db8::1",
		"10.0.0.0/8", "fe80::1%eth0", "00-00-5E-00-53-01", "teamsvisitor:1", "", "*", "\xff", "fd00::", "+49xabc",
	} {
		f.Add([]byte(text))
	}
	var policies []*Policy
	for _, modes := range []string{"hmac hmac hmac drop", "keep mask keep keep", "keep keep truncate keep"} {
		policies = append(policies, newTestPolicy(f, modes))
	}
	columns := []string{
		"caller_number", "identity_id", "user_id", "ip_address", "mac_address", "subnet", "feedback_text",
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, p := range policies {
			for _, column := range columns {
				r := p.ruleOf(column)
				if r == nil {
					continue
				}
				once, ok := r.Replace(bytes.Clone(text))
				if !ok {
					continue
				}
				once = bytes.Clone(once)
				if again, ok := r.Replace(bytes.Clone(once)); !ok || !bytes.Equal(again, once) {
					t.Errorf("%s: %q is stored as %q, and that as %q", column, text, once, again)
				}
				if mapping.IsGUID(text) && !mapping.IsGUID(once) {
					t.Errorf("%s: the GUID %q is stored as %q", column, text, once)
				}
				if _, err := netip.ParseAddr(string(text)); err == nil && column == "ip_address" {
					if _, err := netip.ParseAddr(string(once)); err != nil {
						t.Errorf("the address %q is stored as %q", text, once)
					}
				}
			}
		}
	})
}
