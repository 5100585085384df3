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

// explain says what an error means and what to do about it.
func (v *visit) explain(code health.Code, err error) Finding {
	f := v.finding(Fail, "")
	f.Code = Word(code)
	e, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		e = &fetch.Error{Err: err}
	}
	t := v.tenant
	credential := v.credential()
	switch code {
	case health.PermissionMissing:
		v.permission(&f)
	case health.SecretExpired:
		f.What = "Entra refuses " + credential + ": expired " + answered(e)
		f.Fix, f.First = v.renew(), "renew "+t.Name+"'s credential"
	case health.SecretWrong:
		f.What = "Entra refuses " + credential + ": wrong " + answered(e)
		f.Fix, f.First = v.replace(), "replace "+t.Name+"'s credential"
	case health.SecretUnreadable:
		f.What = credential + " cannot be read"
		f.Fix, f.First = v.replace(), "replace "+t.Name+"'s credential"
	case health.TenantUnknown:
		f.What = fmt.Sprintf("%s knows no such tenant %s", e.Host, answered(e))
		f.Fix = []string{"compare tenants.id with Entra admin center > Overview > Tenant ID"}
		f.First = "check " + t.Name + "'s id"
	case health.AppUnknown:
		f.What = fmt.Sprintf("the tenant does not know %s %s", v.app(), answered(e))
		f.Fix = []string{"compare auth.client_id with App registrations > Application (client) ID, in this tenant"}
		f.First = "check " + t.Name + "'s client_id"
	case health.AppDisabled:
		f.What = fmt.Sprintf("%s is disabled in the tenant %s", v.app(), answered(e))
		f.Fix = []string{"Entra admin center > Enterprise applications > " + short(t.Auth.ClientID) +
			" > Properties > Enabled for users to sign-in: Yes"}
		f.First = "enable " + t.Name + "'s app"
	case health.ClockSkewed:
		f.What = "this machine's clock and Microsoft's are too far apart"
		if e.Code != "" {
			f.What += " " + answered(e)
		}
		f.Fix, f.First = []string{"timedatectl set-ntp true"}, "set this machine's clock"
	case health.CloudWrong:
		f.What = "cloud, login_url and graph_url do not belong together, or not to this tenant"
		if e.Code != "" {
			f.What += " " + answered(e)
		}
		f.Fix = []string{"set the tenant's cloud: global, usgov-l4 (GCC High) or usgov-l5 (DoD)"}
		f.First = "check " + t.Name + "'s cloud"
	case health.AnswerNotGraph:
		v.notMicrosoft(&f, e)
	case health.TLSUntrusted:
		f.What = fmt.Sprintf("%s: certificate by %q, not trusted here", v.host(e), e.UntrustedIssuer())
		f.Fix = append(v.exempt(), "or put that authority's certificate into the tenant's ca_file")
		f.First = "exempt Microsoft's hosts from inspection"
	case health.GraphThrottles:
		f.Status, f.What = Warn, v.host(e)+" asks to wait: someone shares the limits of this app"
		f.Fix, f.First = []string{"wait; if it lasts, lower the tenant's limits"}, "wait"
	case health.GraphFailing:
		f.What = v.host(e) + " fails"
		f.Fix, f.First = []string{"wait; Microsoft 365 admin center > Health > Service health"}, "wait"
	case health.RequestRefused:
		f.What = v.host(e) + " refuses the request"
		if strings.Contains(e.Code, "AADSTS") {
			f.What += " " + answered(e)
		}
		f.Fix, f.First = []string{cmp.Or(e.Hint, "report it with the request-id")}, "report it"
	default:
		f.What = v.host(e) + " does not answer"
		f.Fix, f.First = []string{"check the network, DNS, HTTPS_PROXY and the firewall"}, "check the network"
	}
	return f
}

// answered is Entra's answer in short: its status, its word and its number.
func answered(e *fetch.Error) string {
	word, number, _ := strings.Cut(e.Code, ": ")
	parts := strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, word))
	if number != "" {
		parts += ", " + number
	}
	return "(" + parts + ")"
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
	text := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if e.Code != "" {
		text += ", " + e.Code
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (v *visit) host(e *fetch.Error) string { return cmp.Or(e.Host, v.tenant.Name) }

// permission says which one the token has, as its claims tell.
func (v *visit) permission(f *Finding) {
	const wanted = "CallRecords.Read.All"
	have := strings.Join(v.roles, ", ")
	switch {
	case have == "":
		f.What = "the token carries no role: " + wanted + " was not granted, or as delegated (which is for people), " +
			"or without admin consent"
	case slices.Contains(v.roles, wanted):
		f.What = "the token carries " + have + ", and is refused all the same"
	default:
		f.What = "the token carries " + have + ", not " + wanted
	}
	f.Fix = []string{"Entra admin center > " + v.registration() + " > API permissions > Add a permission > " +
		"Microsoft Graph > Application permissions > " + wanted +
		", then Grant admin consent (takes some minutes)"}
	f.First = "grant " + wanted + " to " + v.tenant.Name + "'s app"
}

// notMicrosoft is about an answer of something in between.
func (v *visit) notMicrosoft(f *Finding, e *fetch.Error) {
	f.What = fmt.Sprintf("%s: %d %s, but not Microsoft's answer", v.host(e), e.Status, http.StatusText(e.Status))
	if e.Type != "" {
		f.What = fmt.Sprintf("%s: %d %s, but %s of %d bytes: not Microsoft's answer", v.host(e), e.Status,
			http.StatusText(e.Status), e.Type, len(e.Body))
	}
	evidence := []string{"no request-id"}
	if e.Via != "" {
		evidence = append([]string{"Via: " + e.Via}, evidence...)
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if os.Getenv(name) != "" {
			evidence = append(evidence, name+" is set")
		}
	}
	f.Evidence = Word(strings.Join(evidence, "; "))
	f.Fix, f.First = v.exempt(), "exempt Microsoft's hosts from inspection"
}

func (v *visit) exempt() []string {
	bare := func(url string) string { return strings.TrimPrefix(url, "https://") }
	login, graph := bare(v.tenant.LoginURL()), bare(v.tenant.GraphURL())
	return []string{fmt.Sprintf("exempt %s and %s from inspection", login, graph)}
}
