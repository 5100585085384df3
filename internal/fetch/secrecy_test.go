package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Canaries are what must stay inside: the secret, a token, a person and a number.
var canaries = []string{canary, "eyJhbGci.Canary-token_1", "anna.canary@contoso.com", "+49 30 5550123"}

// planted is an answer that quotes the canaries wherever it can.
func planted(status int, body string) http.HandlerFunc {
	all := strings.Join(canaries, " ")
	return func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{
			"request-id", "client-request-id", "Retry-After", "Date", "Content-Type", "Via", "Server",
			"WWW-Authenticate", "x-ms-ags-diagnostic",
		} {
			w.Header().Set(name, all)
		}
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "https://"+canaries[2]+"/?"+canary)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, strings.ReplaceAll(body, "CANARY", all))
	}
}

// hostile are answers that neither Graph nor Entra should give, and that either may.
func hostile() map[string]http.HandlerFunc {
	answers := map[string]http.HandlerFunc{
		"malformed":        raw([]byte(strings.Join(canaries, " ") + "\r\n\r\n")),
		"malformed header": raw([]byte("HTTP/1.1 200 OK\r\n" + canary + "\r\n\r\n")),
		"bad length":       raw([]byte("HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n")),
		"bad encoding":     raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canary + "\r\n\r\n")),
		"bad chunk":        raw([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n")),
		"bad location":     raw([]byte("HTTP/1.1 302 Found\r\nLocation: https://%zz" + canary + "\r\n\r\n")),
		"bad compression":  func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", canary) },
		"bad status":       raw([]byte("HTTP/1.1 2x0 " + canary + "\r\n\r\n")),
	}
	bodies := map[string]string{
		"Graph's error": `{"error":{"code":"CANARY","message":"CANARY",` +
			`"innerError":{"request-id":"CANARY","CANARY":1}}}`,
		"Entra's error": `{"error":"CANARY","error_description":"CANARY","error_codes":[7000215],` +
			`"correlation_id":"CANARY"}`,
		"half of Entra's": `{"error":"invalid_client","error_description":"CANARY","error_codes":[7000215],` +
			`"correlation_id":"CANARY"}`,
		"a page":      `{"value":[{"CANARY":"CANARY"}],"@odata.nextLink":"https://CANARY/v1.0/x?CANARY"}`,
		"a token":     `{"access_token":["CANARY"],"token_type":"CANARY"}`,
		"a discovery": `{"issuer":"https://CANARY","token_endpoint":"https://CANARY/CANARY"}`,
		"text":        `CANARY`,
	}
	for name, body := range bodies {
		for _, status := range []int{200, 302, 401, 403, 429, 500} {
			answers[fmt.Sprint(name, " with ", status)] = planted(status, body)
		}
	}
	return answers
}

// Of an answer nothing gets into errors and log but status, code and request-id, and these only where they look like
// it.
func TestCanariesStayInside(t *testing.T) {
	t.Parallel()
	for name, answer := range hostile() {
		for place, at := range map[string]struct {
			entra *login
			graph http.HandlerFunc
		}{
			"Graph":           {&login{}, answer},
			"Entra":           {&login{token: answer}, nil},
			"Entra's address": {&login{discovery: answer}, nil},
		} {
			t.Run(place+": "+name, func(t *testing.T) {
				t.Parallel()
				var printed bytes.Buffer
				c := newTestClient(t, at.entra, at.graph)
				c.retrier.base = time.Microsecond
				c.retrier.log = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()),
					zapcore.AddSync(&printed), zap.DebugLevel))
				first := c.to("/v1.0/x")
				err := c.askPages(t, first)
				c.retrier.log.Error("test", zap.Error(err), zap.String("cause", causeOf(err)))
				for e := err; e != nil; e = errors.Unwrap(e) {
					fmt.Fprintf(&printed, "\n%v\n%+v\n%q", e, e, e)
				}
				fmt.Fprint(&printed, first.usage.Counts().FailedRequestIDs)
				for _, c := range canaries {
					if strings.Contains(printed.String(), c) {
						t.Errorf("%s is in %s", c, printed.String())
					}
				}
			})
		}
	}
}

// askPages reads pages as a run does.
func (c *Client) askPages(t *testing.T, first request) error {
	page, err := c.page(t.Context(), first)
	if err == nil && page.next != "" {
		first.url = page.next
		_, err = c.page(t.Context(), first)
	}
	return err
}

func causeOf(err error) string {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.Cause()
	}
	return ""
}
