package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
)

const (
	hintSecret = "check the client secret (its value, not its id) and the file or variable it is read from"
	hintLogin  = "check login_url and graph_url: they must belong to the same cloud"
)

// entraHint says what to do about a code of Entra's
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
func entraHint(code int) string {
	switch code {
	case 7000215, 7000216:
		return hintSecret
	case 7000222:
		return "the client secret has expired: create a new one for the app registration and replace it"
	case 700016:
		return "this tenant does not know the app: check client_id, and that it is registered or consented to there"
	case 7000112, 700022:
		return "the app is disabled in this tenant: enable it in Entra"
	case 90002, 900023, 900021:
		return "there is no such tenant in this cloud: check the tenant id and login_url"
	case 500011, 70011, 1002012:
		return hintLogin
	case 53003:
		return "a Conditional Access policy blocks the app: exempt it, or run where the policy allows it"
	}
	return "check tenant id, client_id and client secret; look the code up at https://login.microsoftonline.com/error"
}

var (
	oauthCode     = regexp.MustCompile(`^[a-z_]{1,40}$`)
	correlationID = regexp.MustCompile(`^[0-9A-Fa-f-]{1,36}$`)
)

// tokenFailure says what went wrong without MSAL's words, Entra's or the body: they may quote secret and token.
func tokenFailure(err error, clock Clock) error {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused
	}
	if answer, ok := errors.AsType[msal.CallErr](err); ok {
		return entraFailure(answer.Resp, clock)
	}
	if network, ok := errors.AsType[*url.Error](err); ok {
		return &Error{Kind: Transient, Hint: hintTransient, Err: bare(network)}
	}
	return &Error{Kind: Transient, Hint: hintLogin, Message: "the answer is cut, or not Entra's"}
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
	code := 0
	if len(answer.Codes) > 0 {
		code = answer.Codes[0]
	}
	fromEntra := oauthCode.MatchString(answer.Error)
	if fromEntra {
		e.Code = fmt.Sprintf("%s: AADSTS%d", answer.Error, code)
	}
	switch {
	case e.Kind == Transient || e.Kind == Throttled:
	case fromEntra:
		e.Kind, e.Hint = Denied, entraHint(code)
	default: // a proxy's answer, or another server's
		e.Hint = hintLogin
	}
	return e
}
