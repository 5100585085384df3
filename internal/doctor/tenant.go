package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
)

// A visit is the examination of one tenant.
type visit struct {
	subject *Subject
	tenant  config.Tenant
	client  *fetch.Client
	roles   []string // that the token names
}

// finding is one about the tenant.
func (v *visit) finding(status Status, what string) Finding {
	return Finding{Area: v.tenant.Name, Tenant: Word(v.tenant.Name), Status: status, What: what}
}

func (s *Subject) tenant(ctx context.Context, t config.Tenant) []Finding {
	v := &visit{subject: s, tenant: t}
	if s.Offline {
		return append(v.exposed(), v.finding(Skip, "token, roles and endpoints: --offline"))
	}
	var err error
	if v.client, err = s.Client(t); err == nil {
		v.roles, err = v.client.Roles(ctx)
	}
	if err != nil {
		return append(v.noToken(ctx, err), v.finding(Skip, "roles and endpoints: no token"))
	}
	list := append(v.token(), v.endpoints(ctx)...)
	return append(list, v.clock()...)
}

// exposed warns of files of the credential that others can get at.
func (v *visit) exposed() (list []Finding) {
	for _, line := range v.tenant.Auth.Exposed() {
		what, fix, _ := strings.Cut(line, "; run: ")
		f := v.finding(Warn, what)
		f.Code, f.Fix, f.First = Word(health.SecretReadable), []string{fix}, fix
		list = append(list, f)
	}
	return list
}

func (v *visit) token() []Finding {
	exposed := v.exposed()
	kind, end := v.client.Credential()
	what := "token for " + v.app() + " by " + strings.ReplaceAll(kind, "_", " ")
	if !end.IsZero() {
		what += ", valid until " + end.UTC().Format("2 Jan 2006") + " (" + health.Deadline(end.Sub(v.subject.Now)) + ")"
	}
	if len(exposed) == 0 && kind != "managed_identity" && v.tenant.Auth.ClientSecretEnv == "" {
		what += "; file readable by its owner only"
	}
	list := append([]Finding{v.finding(OK, what)}, exposed...)
	if left := end.Sub(v.subject.Now); !end.IsZero() && left < health.EndsSoon {
		f := v.finding(Warn, v.credential()+" ends in "+health.Deadline(left))
		f.Code, f.Fix = Word(health.CredentialEnds), []string{v.renew()}
		f.First = "renew " + v.tenant.Name + "'s credential"
		list = append(list, f)
	}
	return list
}

func (v *visit) app() string {
	if v.tenant.Auth.ClientID == "" {
		return "this machine"
	}
	return "app " + short(v.tenant.Auth.ClientID)
}

// A probe is what an endpoint answered.
type probe struct {
	endpoint fetch.Endpoint
	took     time.Duration
	err      error
}

// endpoints asks each that is switched on for a few rows.
func (v *visit) endpoints(ctx context.Context) []Finding {
	var probes []probe
	for _, e := range fetch.Endpoints {
		if v.tenant.Endpoints[e.Name].Enabled {
			probes = append(probes, probe{endpoint: e})
		}
	}
	var running sync.WaitGroup
	for i := range probes {
		p := &probes[i]
		running.Go(func() {
			p.took, p.err = v.client.Probe(ctx, p.endpoint, v.tenant.Endpoints[p.endpoint.Name].API)
		})
	}
	running.Wait()
	return v.judge(probes)
}

func (v *visit) judge(probes []probe) []Finding {
	bad := slices.DeleteFunc(slices.Clone(probes), func(p probe) bool { return p.err == nil })
	if len(bad) == 0 {
		role := cmp.Or(strings.Join(v.roles, ", "), "none named in the token")
		list := []Finding{v.finding(OK, "role "+role)}
		what := answers(probes)
		if skew := v.client.Skew(); skew.Abs() <= health.MaxSkew {
			what += "; Graph's clock is " + seconds(skew) + map[bool]string{true: " ahead", false: " behind"}[skew >= 0]
		}
		return append(list, v.finding(OK, what))
	}
	var list []Finding
	for len(bad) > 0 { // one finding a cause
		code := codeOf(bad[0].err)
		other := func(p probe) bool { return codeOf(p.err) != code }
		same := slices.DeleteFunc(slices.Clone(bad), other)
		bad = slices.DeleteFunc(bad, func(p probe) bool { return !other(p) })
		list = append(list, v.unanswered(code, same, probes))
	}
	return list
}

// answers says how many answered, and how fast.
func answers(probes []probe) string {
	fastest, slowest := time.Hour, time.Duration(0)
	for _, p := range probes {
		fastest, slowest = min(fastest, p.took), max(slowest, p.took)
	}
	if len(probes) == 1 {
		return fmt.Sprintf("1 of 1 endpoint answers in %d ms", slowest.Milliseconds())
	}
	all := health.Count(len(probes), "endpoint", "endpoints")
	return fmt.Sprintf("%d of %s answer in %d to %d ms", len(probes), all,
		fastest.Milliseconds(), slowest.Milliseconds())
}

func answering(probes []probe) (n int) {
	for _, p := range probes {
		if p.err == nil {
			n++
		}
	}
	return n
}

// unanswered is about endpoints that fail for one cause.
func (v *visit) unanswered(code health.Code, same, all []probe) Finding {
	f := v.explain(code, same[0].err)
	var evidence []string
	for _, p := range same {
		evidence = append(evidence, p.endpoint.Name+": "+v.detail(p.err))
	}
	if len(same) == len(all) && len(all) > 1 {
		evidence = []string{"none of the endpoints answers; " + evidence[0]}
	}
	if e, ok := errors.AsType[*fetch.Error](same[0].err); ok && e.RequestID != "" {
		evidence = append(evidence, fmt.Sprintf("request-id %s, %s UTC", e.RequestID,
			v.subject.Now.UTC().Format(time.TimeOnly)))
	}
	if others := len(all) - len(same); others > 0 {
		evidence = append(evidence, fmt.Sprintf("%d of %d others answer", answering(all), others))
	}
	if len(same) == 1 {
		f.Endpoint = Word(same[0].endpoint.Name)
	}
	f.Evidence = Word(strings.Join(slices.Concat(lines(f.Evidence), evidence), "\n"))
	return f
}

func lines(w Word) []string {
	if w == "" {
		return nil
	}
	return strings.Split(string(w), "\n")
}

// clock compares Graph's with this machine's.
func (v *visit) clock() []Finding {
	skew := v.client.Skew()
	if skew.Abs() <= health.MaxSkew {
		return nil
	}
	f := v.finding(Warn, "the local clock is "+apart(-skew)+" Graph's")
	f.Code = Word(health.ClockSkewed)
	f.Evidence = "stored times are Graph's and right; above 5 min logins may fail"
	f.Fix, f.First = []string{"timedatectl set-ntp true"}, "set this machine's clock"
	return []Finding{f}
}
