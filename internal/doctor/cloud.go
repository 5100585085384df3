package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
)

// A Cloud is where the tenants of one or two of Microsoft's clouds sign in.
type Cloud struct {
	LoginURL string
	Roots    *x509.CertPool // nil: the system's
	Tenants  string         // what kind they are
	Setting  string         // what to set their cloud to; empty: nothing helps
}

// Clouds are all clouds of Microsoft.
var Clouds = []Cloud{
	{LoginURL: "https://login.microsoftonline.com", Tenants: "a tenant of the global cloud", Setting: "global"},
	{
		LoginURL: "https://login.microsoftonline.us", Tenants: "a GCC High or DoD tenant",
		Setting: "usgov-l4 (GCC High) or usgov-l5 (DoD)",
	},
	{
		LoginURL: "https://login.partner.microsoftonline.cn",
		Tenants:  "a tenant of the cloud of China, where Microsoft offers no call records",
	},
}

// otherCloud asks the other clouds for a tenant that its own does not know.
func (v *visit) otherCloud(ctx context.Context, f Finding) Finding {
	for _, c := range v.subject.Clouds {
		if c.LoginURL == v.tenant.LoginURL() {
			continue
		}
		known, err := fetch.KnowsTenant(ctx, c.LoginURL, v.tenant.ID, c.Roots)
		if err != nil || !known {
			continue // it may not be reached from here
		}
		host := strings.TrimPrefix(c.LoginURL, "https://")
		f.Code = Word(health.CloudWrong)
		f.Evidence = Word(fmt.Sprintf("%s does: it is %s", host, c.Tenants))
		f.Fix, f.First = []string{"set its cloud: " + c.Setting}, "set "+v.tenant.Name+"'s cloud"
		if c.Setting == "" {
			f.Fix, f.First = []string{"take the tenant out of the configuration"}, "take "+v.tenant.Name+" out"
		}
		return f
	}
	return f
}
