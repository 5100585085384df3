package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ingestd/internal/store"
)

// A cause is what a code means for a person. says follows "contoso: "; why is what
// the verdict tells below it, where that is more than says and since when.
type cause struct {
	says   func(*group) string
	why    func(*group) string
	steps  func(*group) []Step
	denied bool // an administrator of Entra has to grant or renew something
	aside  bool // all that can be read is read even so
}

// causes are all that may be wrong.
var causes = map[Code]cause{
	PermissionMissing: {says: permissionText, steps: permissionSteps, denied: true},
	SecretExpired:     {says: credentialText("the %s has expired"), steps: secretSteps, denied: true},
	SecretWrong:       {says: credentialText("Entra refuses the %s"), steps: secretSteps, denied: true},
	SecretUnreadable: {says: credentialText("the %s cannot be read"), denied: true, steps: steps(
		"put it where the configuration says, readable for the daemon, which takes it up by itself",
		"says what is wrong with it", "ingestd doctor%tenant")},
	CredentialEnds: {says: endsText, steps: secretSteps, aside: true,
		why: text("without it Entra gives no token, and nothing is read")},
	CloudWrong: {says: cloudText, denied: true, steps: steps(
		"set the tenant's cloud in the configuration to the one it lives in")},
	TenantUnknown: {says: text("Entra knows no such tenant"), denied: true, steps: steps(
		"check the tenant's id and cloud in the configuration")},
	AppUnknown: {says: text("the tenant does not know the app"), denied: true, steps: steps(
		"check client_id in the configuration, and that the app is registered in the tenant or consented to")},
	AppDisabled: {says: text("the app is disabled in Entra"), denied: true, steps: steps(
		"Entra admin center > Enterprise applications > %app > Properties: enable users to sign in")},
	ClockSkewed: {says: skewText, steps: steps("set this machine's clock", "timedatectl set-ntp true"), aside: true,
		why: text("stored times are Graph's and right; above 5 minutes Entra may refuse tokens")},
	AnswerNotGraph: {says: text("something between here and Microsoft answers in its place"), steps: proxySteps},
	TLSUntrusted:   {says: text("the certificate that answers for Microsoft is not trusted here"), steps: proxySteps},
	Unreachable:    {says: text("Microsoft does not answer"), steps: doctorSteps},
	GraphThrottles: {says: text("Graph lets it wait"), steps: steps(
		"nothing to do, unless it lasts: then somebody shares the app's limits; lower limits in the configuration")},
	GraphFailing: {says: text("Graph fails"), steps: doctorSteps},
	RequestRefused: {says: text("Graph refuses requests"), steps: steps(
		"a bug or a change of the API: report it with the request-id", "ingestd runs --failed%tenant")},
	InternalError: {says: text("a bug makes the program fail"), steps: steps(
		"report it with the error of the run", "ingestd runs --failed%tenant")},
	DatabaseDown:  {says: text("the database does not answer"), steps: doctorSteps},
	DatabaseUnfit: {says: text("the database does not let the program work"), steps: doctorSteps},
	SchemaOld: {says: text("the database's schema is older than this program"), steps: steps(
		"as the owner of the schemas teams and ingest", "ingestd migrate up")},
	SchemaNew: {says: text("the database's schema is newer than this program"), steps: steps(
		"install the ingestd that made the schema, or a newer one")},
	RightsMissing: {says: text("the database role lacks rights"), steps: steps(
		"as the owner of the schemas teams and ingest", "ingestd migrate grant --role NAME")},
	DaemonAbsent: {says: text("no daemon is at work"), why: absentWhy, steps: steps(
		"start it", "systemctl start ingestd")},
	RunHangs: {says: text("the daemon lives, but does not read"), steps: steps(
		"keep its log, then restart it", "systemctl restart ingestd")},
	SlotsParked:   {says: parkedText, why: parkedWhy, steps: parkedSteps, aside: true},
	RecordsParked: {says: parkedText, why: parkedWhy, steps: parkedSteps, aside: true},
	DataLost: {says: lostText, why: text("it left Microsoft's retention before it was read to its end"),
		aside: true, steps: steps(
			"lists what is lost, and why", "ingestd gaps%tenant",
			"takes note of it: it stays listed, and counts no longer", "ingestd gaps --acknowledge ID --reason TEXT")},
	ExpiresSoon: {says: text("what is unread expires"), why: text("no run at work reads it in time"),
		steps: onceSteps},
	RejectsOpen: {says: rejectsText, why: text("their bytes are kept: they can be stored later"),
		aside: true, steps: steps(
			"lists them with the reasons", "ingestd rejects%tenant",
			"after an upgrade, stores what can be stored then", "ingestd rejects retry --all%tenant")},
	SchemaDrift: {says: text("Graph serves members without a column"), aside: true, steps: steps(
		"nothing is lost: they are kept in unknown_fields; a newer ingestd may have columns for them")},
	RollupsStale: {says: text("the views of days, hours and months are not up to date"), aside: true,
		why: text("all that was read is stored, and views of single calls tell of it"), steps: steps(
			"computes what is missing, or says why it cannot", "ingestd rollup refresh")},
	ErasedUnknown: {says: text("who was erased would not be known again, so nothing is read"), steps: steps(
		"restore the file that the tenant's privacy.key_file named when persons were erased, then",
		"systemctl restart ingestd")},
	NotNotified: {says: text("Graph does not notify of call records"), aside: true,
		why: text("the list names them, some minutes later"), steps: steps(
			"says why there is no subscription", "ingestd doctor%tenant")},
	SecretReadable: {says: exposedText, steps: exposedSteps, aside: true},
}

// IsDenial reports whether an administrator of Entra has to grant or renew something.
func (c Code) IsDenial() bool { return causes[c].denied }

func text(words string) func(*group) string { return func(*group) string { return words } }

// steps are steps without figures in them: a text, and after it the command it
// tells of, if the next one begins with one.
func steps(parts ...string) func(*group) []Step {
	return func(g *group) []Step {
		var list []Step
		for _, part := range parts {
			part = strings.NewReplacer("%tenant", g.flag(), "%app", g.app()).Replace(part)
			if n := len(list); n > 0 && list[n-1].Command == nil && isCommand(part) {
				list[n-1].Command = &part
				continue
			}
			list = append(list, Step{Text: part})
		}
		return list
	}
}

func isCommand(text string) bool {
	return slices.ContainsFunc([]string{"ingestd ", "systemctl ", "timedatectl ", "chmod "}, func(verb string) bool {
		return strings.HasPrefix(text, verb)
	})
}

// flag is the flag that has a command tell of the group's tenant.
func (g *group) flag() string {
	if g.tenant == nil {
		return ""
	}
	return " --tenant " + ShellWord(g.tenant.Name)
}

// app is how Entra lists the tenant's app.
func (g *group) app() string {
	if g.tenant == nil || g.tenant.App == "" {
		return "the app"
	}
	return "app " + g.tenant.App
}

func doctorSteps(g *group) []Step {
	return steps("says what is wrong, with evidence and fix", "ingestd doctor%tenant")(g)
}

// onceSteps are how to read what expires first. The command that does refuses to work
// beside a daemon, which does it by itself.
func onceSteps(g *group) []Step {
	if g.tenant != nil && g.tenant.attended {
		return steps("shows how the daemon reads it, what expires first at first", "ingestd status --watch%tenant")(g)
	}
	return steps("reads what expires first", "ingestd once%tenant")(g)
}

// then adds to the steps what reads what was left.
func then(list []Step, g *group) []Step {
	if g.level != ActNow {
		return list
	}
	return append(list, onceSteps(g)...)
}

func permissionText(g *group) string {
	return "the app lacks the permission " + strings.Join(g.permissions(), " and ")
}

func permissionSteps(g *group) []Step {
	return then(steps("Entra admin center > App registrations > %app > API permissions: add the application "+
		"permission "+strings.Join(g.permissions(), " and ")+", then Grant admin consent; "+
		"the daemon takes it up within minutes")(g), g)
}

// permissions are what the group's endpoints need.
func (g *group) permissions() (names []string) {
	for _, e := range g.endpoints {
		if !slices.Contains(names, e.Endpoint.Permission) {
			names = append(names, e.Endpoint.Permission)
		}
	}
	return names
}

// credential is what the tenant's tokens are asked for with, in words.
func (g *group) credential() string {
	if g.tenant == nil || g.tenant.Credential.Kind == "" {
		return "client secret"
	}
	return strings.ReplaceAll(g.tenant.Credential.Kind, "_", " ")
}

func credentialText(format string) func(*group) string {
	return func(g *group) string { return fmt.Sprintf(format, g.credential()) }
}

func secretSteps(g *group) []Step {
	if g.credential() != "client secret" {
		return then(append(steps("Entra admin center > App registrations > %app > Certificates & secrets: "+
			"renew the "+g.credential()+"; the daemon takes it up by itself")(g), doctorSteps(g)...), g)
	}
	return then(append(steps("Entra admin center > App registrations > %app > Certificates & secrets > "+
		"New client secret: write its Value, not its Secret ID, where the configuration says; "+
		"the daemon takes it up by itself")(g),
		doctorSteps(g)...), g)
}

func endsText(g *group) string {
	ends := *g.tenant.Credential.EndsAt
	if !ends.After(g.now) {
		return "the " + g.credential() + " has ended on " + Moment(ends, g.now)
	}
	return fmt.Sprintf("the %s ends in %s, on %s", g.credential(), Deadline(ends.Sub(g.now)), Moment(ends, g.now))
}

// exposed is the first file that others may read, and the command that mends it.
func (g *group) exposed() (what, fix string) {
	if g.tenant == nil || len(g.tenant.Exposed) == 0 {
		return "others can read the file of the " + g.credential(), ""
	}
	what, fix, _ = strings.Cut(g.tenant.Exposed[0], "; run: ")
	return what, fix
}

func exposedText(g *group) string {
	what, _ := g.exposed()
	return what
}

func exposedSteps(g *group) []Step {
	_, fix := g.exposed()
	return []Step{{Text: "lets its owner alone read the file", Command: &fix}}
}

func cloudText(g *group) string {
	if g.tenant == nil || g.tenant.Cloud == "" {
		return "the tenant lives in another cloud"
	}
	return "the tenant does not live in cloud " + g.tenant.Cloud
}

func skewText(g *group) string {
	if g.tenant == nil || g.tenant.ClockSkew == nil {
		return "Graph's clock and this machine's are apart"
	}
	skew, where := time.Duration(*g.tenant.ClockSkew*float64(time.Second)), "behind"
	if skew < 0 {
		where = "ahead of"
	}
	return fmt.Sprintf("this machine's clock is %s %s Graph's", Deadline(skew.Abs()), where)
}

func proxySteps(g *group) []Step {
	return append(steps("exempt Microsoft's hosts from inspection, or put the authority's certificate into ca_file")(g),
		doctorSteps(g)...)
}

// absentWhy is when a daemon gave the last sign.
func absentWhy(g *group) string {
	var last *store.Daemon
	for _, e := range g.endpoints {
		if d := e.tenant.daemon; last == nil || d != nil && d.HeartbeatAt.After(last.HeartbeatAt) {
			last = d
		}
	}
	if last == nil {
		return "no daemon has ever given a sign"
	}
	return "the last sign of a daemon came from " + last.Host + ", " + Moment(last.HeartbeatAt, g.now)
}
