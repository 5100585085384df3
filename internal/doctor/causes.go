package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
)

// codeOf is the cause of an error of package fetch.
func codeOf(err error) health.Code {
	if e, ok := errors.AsType[*fetch.Error](err); ok {
		return health.Code(e.Cause())
	}
	return health.Unreachable // the time for it ran out
}

// noToken explains why Entra gives none.
func (v *visit) noToken(ctx context.Context, err error) []Finding {
	code := codeOf(err)
	f := v.explain(code, err)
	e, ok := errors.AsType[*fetch.Error](err)
	switch {
	case code == health.TenantUnknown:
		f = v.otherCloud(ctx, f)
	case f.Evidence == "" && (!ok || e.Code == ""): // else the answer is in the text
		f.Evidence = Word(v.detail(err))
	}
	return append(v.exposed(), f)
}

// permission is what the app needs for all endpoints.
var permission = fetch.CallRecords.Permission

// An explanation is what a cause means for a tenant, and what to do about it. In
// its texts are %words, which words replaces.
type explanation struct {
	what     string
	evidence func(*fetch.Error) string
	fix      []string
	first    string // the fix in a few words
	passes   bool   // by itself
}

var explanations = map[health.Code]explanation{
	health.PermissionMissing: {
		what: "the token carries %roles",
		fix: []string{"Entra admin center > %registration > API permissions > Add a permission > Microsoft Graph > " +
			"Application permissions > " + permission + ", then Grant admin consent (takes some minutes)"},
		first: "grant " + permission + " to %tenant's app",
	},
	health.SecretExpired: {
		what:  "Entra refuses %credential: expired%answer",
		fix:   []string{"%renew"},
		first: "renew %tenant's credential",
	},
	health.SecretWrong: {
		what:  "Entra refuses %credential: wrong%answer",
		fix:   []string{"%replace"},
		first: "replace %tenant's credential",
	},
	health.SecretUnreadable: {
		what:  "%credential cannot be read",
		fix:   []string{"%provide"},
		first: "put %tenant's credential where it is wanted",
	},
	health.TenantUnknown: {
		what:  "%host knows no such tenant%answer",
		fix:   []string{"compare tenants.id with Entra admin center > Overview > Tenant ID"},
		first: "check %tenant's id",
	},
	health.AppUnknown: {
		what:  "the tenant does not know %app%answer",
		fix:   []string{"compare auth.client_id with App registrations > Application (client) ID, in this tenant"},
		first: "check %tenant's client_id",
	},
	health.AppDisabled: {
		what: "%app is disabled in the tenant%answer",
		fix: []string{"Entra admin center > Enterprise applications > %client > Properties > " +
			"Enabled for users to sign-in: Yes"},
		first: "enable %tenant's app",
	},
	health.ClockSkewed: {
		what:  "this machine's clock and Microsoft's are too far apart%answer",
		fix:   []string{"timedatectl set-ntp true"},
		first: "set this machine's clock",
	},
	health.CloudWrong: {
		what:  "cloud, login_url and graph_url do not belong together, or not to this tenant%answer",
		fix:   []string{"set the tenant's cloud: global, usgov-l4 (GCC High) or usgov-l5 (DoD)"},
		first: "check %tenant's cloud",
	},
	health.AnswerNotGraph: {
		what:     "%host: %status, but %body",
		evidence: inBetween,
		fix:      []string{"%exempt"},
		first:    "exempt Microsoft's hosts from inspection",
	},
	health.TLSUntrusted: {
		what:  "%host: certificate by %issuer, not trusted here",
		fix:   []string{"%exempt", "or put that authority's certificate into the tenant's ca_file"},
		first: "exempt Microsoft's hosts from inspection",
	},
	health.Unreachable: {
		what:  "%host does not answer",
		fix:   []string{"check the network, DNS, HTTPS_PROXY and the firewall"},
		first: "check the network",
	},
	health.GraphThrottles: {
		what:   "%host asks to wait: someone shares the limits of this app",
		fix:    []string{"wait; if it lasts, lower the tenant's limits"},
		first:  onlyWait,
		passes: true,
	},
	health.GraphFailing: {
		what:  "%host fails",
		fix:   []string{"wait; Microsoft 365 admin center > Health > Service health"},
		first: onlyWait,
	},
	health.RequestRefused: {
		what:  "%host refuses the request%answer",
		fix:   []string{"%hint"},
		first: "report it",
	},
}

// explain says what an error means and what to do about it.
func (v *visit) explain(code health.Code, err error) Finding {
	e, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		e = &fetch.Error{Err: err}
	}
	known, ok := explanations[code]
	if !ok {
		known = explanations[health.Unreachable]
	}
	words := v.words(e)
	f := v.finding(Fail, words.Replace(known.what))
	f.Code, f.First = Word(code), words.Replace(known.first)
	for _, step := range known.fix {
		f.Fix = append(f.Fix, words.Replace(step))
	}
	if known.evidence != nil {
		f.Evidence = Word(known.evidence(e))
	}
	if known.passes {
		f.Status = Warn
	}
	return f
}

// words are what the words of an explanation stand for.
func (v *visit) words(e *fetch.Error) *strings.Replacer {
	return strings.NewReplacer(
		"%tenant", v.tenant.Name,
		"%app", v.app(),
		"%client", short(v.tenant.Auth.ClientID),
		"%registration", v.registration(),
		"%credential", v.credential(),
		"%roles", v.rolesText(),
		"%renew", v.renew(),
		"%replace", v.replace(),
		"%provide", v.provide(),
		"%exempt", v.exempt(),
		"%host", cmp.Or(e.Host, v.tenant.Name),
		"%status", statusText(e),
		"%answer", answered(e),
		"%body", body(e),
		"%issuer", fmt.Sprintf("%q", e.UntrustedIssuer()),
		"%hint", cmp.Or(e.Hint, "report it with the request-id"),
	)
}

func statusText(e *fetch.Error) string {
	return fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
}

// answered is an answer's status, word and number, if it has a word.
func answered(e *fetch.Error) string {
	if e.Code == "" {
		return ""
	}
	return fmt.Sprintf(" (%d %s)", e.Status, strings.Replace(e.Code, ": ", ", ", 1))
}

// detail is an error without what a person is told anyway.
func (v *visit) detail(err error) string {
	e, ok := errors.AsType[*fetch.Error](err)
	switch {
	case !ok && errors.Is(err, context.DeadlineExceeded):
		return "no answer within " + span(patience)
	case !ok:
		return err.Error()
	case e.Status == 0:
		return fmt.Sprint(e.Err)
	}
	text := statusText(e)
	if e.Code != "" {
		text += ", " + e.Code
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// rolesText says which roles the token's claims name, beside the one it needs.
func (v *visit) rolesText() string {
	have := strings.Join(v.roles, ", ")
	switch {
	case have == "":
		return "no role: " + permission + " was not granted, or as delegated (which is for people), " +
			"or without admin consent"
	case slices.Contains(v.roles, permission):
		return have + ", and is refused all the same"
	}
	return have + ", not " + permission
}

// body says what came in place of Microsoft's answer.
func body(e *fetch.Error) string {
	const foreign = "not Microsoft's answer"
	if e.Type == "" {
		return foreign
	}
	return fmt.Sprintf("%s of %d bytes: %s", e.Type, len(e.Body), foreign)
}

// inBetween is what tells that something answers in Microsoft's place.
func inBetween(e *fetch.Error) string {
	var evidence []string
	if e.Via != "" {
		evidence = append(evidence, "Via: "+e.Via)
	}
	evidence = append(evidence, "no request-id")
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if os.Getenv(name) != "" {
			evidence = append(evidence, name+" is set")
		}
	}
	return strings.Join(evidence, "; ")
}

func (v *visit) exempt() string {
	host := func(url string) string { return strings.TrimPrefix(url, "https://") }
	return fmt.Sprintf("exempt %s and %s from inspection", host(v.tenant.LoginURL()), host(v.tenant.GraphURL()))
}
