package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
)

const (
	hintSecret = "check the client secret: its Value is wanted, not the Secret ID; and that it belongs to this app"
	hintCert   = "upload the certificate, without its key, to the app registration; or name the file that belongs to it"
	hintTrust  = "compare issuer, subject and audience of the token with the app's federated credential"

	hintCertEnded  = "the certificate has expired: upload a new one to the app registration and replace the file"
	hintTrustEnded = "the federated token has expired: whoever writes its file no longer does, or this machine's " +
		"clock is wrong"
	hintLogin = "check cloud, login_url and graph_url: they must belong together, and to this tenant"
	hintProxy = "something in between answers, such as a proxy or a sign-in page of the network: " +
		"check HTTPS_PROXY, and that it lets Microsoft's hosts pass"
	hintUnreadable = "check the credential's file or variable; it is read again for every token"
	hintManaged    = "check that this machine has a managed identity, that client_id names it (or is absent for the " +
		"system's), and that it was granted the permission"
	hintEntra = "check tenant id, client_id and credential; look the code up at https://login.microsoftonline.com/error"
)

var (
	errLoginURL   = errors.New("login_url is not usable")
	errElsewhere  = errors.New("Entra's discovery document leads to another host")
	errNotEntra   = errors.New("the answer is cut, or not Entra's")
	errNoIdentity = errors.New("no managed identity can be asked for")
)

// An entraCode is what an AADSTS number means
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
type entraCode struct {
	numbers []int
	cause   string
	hint    string
	passing bool
}

var entraCodes = []entraCode{
	{numbers: []int{7000215, 7000216, 7000218}, cause: secretWrong, hint: hintSecret},
	{numbers: []int{7000222}, cause: secretExpired,
		hint: "the client secret has expired: create a new one for the app registration and replace it"},
	{numbers: []int{700027, 700030, 50012, 50027}, cause: secretWrong, hint: hintCert},
	{numbers: []int{70021, 700211, 700212, 700213, 700021, 700023}, cause: secretWrong, hint: hintTrust},
	{numbers: []int{700024}, cause: clockSkewed, hint: "set this machine's clock (NTP): Entra takes what was signed " +
		"within the last minutes only"},
	{numbers: []int{700016, 7000229}, cause: appUnknown,
		hint: "this tenant does not know the app: check client_id, and that it is registered or consented to there"},
	{numbers: []int{7000112, 500014}, cause: appDisabled,
		hint: "the app is disabled in this tenant: enable it in Entra"},
	{numbers: []int{90002, 900023, 900021}, cause: tenantUnknown,
		hint: "there is no such tenant in this cloud: check the tenant id and the cloud"},
	{numbers: []int{90038, 900382, 900432, 90051, 500011, 70011, 1002012}, cause: cloudWrong, hint: hintLogin},
	{numbers: []int{65001, 50105, 501051}, cause: permissionMissing, hint: hintConsent},
	{numbers: []int{53003, 530034, 530035}, cause: requestRefused,
		hint: "a Conditional Access policy blocks the app: exempt it, or run where the policy allows it"},
	{numbers: []int{90055, 50196}, cause: throttledBy, hint: hintTransient, passing: true},
	{numbers: []int{50000, 50087, 90006, 90024, 90033, 90041}, cause: graphFailing, hint: hintTransient, passing: true},
}

// meaningOf says what an error of Entra means: by its OAuth word (RFC 6749, section 4.1.2.1) if that says that it
// passes, whatever its number and status, and else by its number.
func meaningOf(word string, number int) entraCode {
	i := slices.IndexFunc(entraCodes, func(c entraCode) bool { return slices.Contains(c.numbers, number) })
	switch {
	case i >= 0 && entraCodes[i].passing:
		return entraCodes[i]
	case word == "temporarily_unavailable", word == "server_error", word == "service_unavailable", word == "timeout":
		return entraCode{cause: graphFailing, hint: hintTransient, passing: true}
	case i >= 0:
		return entraCodes[i]
	case word == "invalid_client":
		return entraCode{cause: secretWrong, hint: hintEntra}
	}
	return entraCode{cause: requestRefused, hint: hintEntra}
}

var (
	oauthWord     = regexp.MustCompile(`^[a-z_]{1,40}$`)
	correlationID = regexp.MustCompile(`^[0-9A-Fa-f-]{1,36}$`)
)

// isClientRefused reports whether Entra does not take the credential.
func isClientRefused(err error) bool {
	failure, ok := errors.AsType[*Error](err)
	return ok && failure.Kind == Denied && (failure.cause == secretWrong || failure.cause == secretExpired)
}

// refusal says what went wrong without MSAL's words, Entra's or the body: they may quote credential and token.
func (i *issuer) refusal(err error, used proof) error {
	answer, ok := errors.AsType[msal.CallErr](err)
	if !ok {
		return unansweredToken(err)
	}
	e := entraFailure(answer.Resp, i.clock)
	ended := !used.endsAt.IsZero() && used.endsAt.Before(i.clock.Wall())
	switch {
	case e.Kind != Denied:
	case i.credential.kind == kindCertificate && e.cause == secretWrong && ended:
		e.cause, e.Hint = secretExpired, hintCertEnded
	case i.credential.kind == kindFederated && e.cause == clockSkewed:
		e.cause, e.Hint = secretExpired, hintTrustEnded
	}
	return e
}

// unansweredToken is a failure of MSAL without an answer to look at.
func unansweredToken(err error) error {
	if ours, ok := errors.AsType[*Error](err); ok {
		return ours
	}
	if network, ok := errors.AsType[*url.Error](err); ok {
		return unanswered(network)
	}
	return &Error{Kind: Transient, cause: answerNotGraph, Hint: hintProxy, Err: errNotEntra}
}

func entraFailure(resp *http.Response, clock Clock) *Error {
	body, _ := io.ReadAll(resp.Body) // in memory already
	var answer struct {
		Error         string
		Codes         []int  `json:"error_codes"`
		CorrelationID string `json:"correlation_id"`
	}
	_ = json.Unmarshal(body, &answer)
	e := failureOf(resp, nil, clock)
	e.RequestID = ""
	if correlationID.MatchString(answer.CorrelationID) {
		e.RequestID = answer.CorrelationID
	}
	number := 0
	if len(answer.Codes) > 0 {
		number = answer.Codes[0]
	}
	fromEntra := oauthWord.MatchString(answer.Error)
	if fromEntra {
		e.Code = fmt.Sprintf("%s: AADSTS%d", answer.Error, number)
	}
	switch meaning := meaningOf(answer.Error, number); {
	case e.Kind == Transient || e.Kind == Throttled:
	case fromEntra && meaning.passing:
		e.Kind, e.cause, e.Hint = Transient, meaning.cause, meaning.hint
	case fromEntra:
		e.Kind, e.cause, e.Hint = Denied, meaning.cause, meaning.hint
	default:
		e.blame(resp)
	}
	return e
}

// managedFailure is like refusal for Azure's endpoints on this machine. While an identity is being changed they answer
// 404 and 410.
func managedFailure(err error, clock Clock) error {
	answer, ok := errors.AsType[msal.CallErr](err)
	if !ok {
		failure := unansweredToken(err)
		if e, ok := errors.AsType[*Error](failure); ok && e.Status == 0 {
			e.Hint = hintManaged
		}
		return failure
	}
	e := failureOf(answer.Resp, nil, clock)
	switch {
	case e.Kind == Transient || e.Kind == Throttled:
	case e.Status == http.StatusNotFound || e.Status == http.StatusGone:
		e.Kind, e.cause, e.Hint = Transient, graphFailing, hintManaged
	default:
		e.Kind, e.cause, e.Hint = Denied, secretWrong, hintManaged
	}
	return e
}
