package graphsim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// graphError is Graph's error object. Two members of innerError are sent with
// 429 alone, and there innerError stands before the message.
type graphError struct {
	code, message string
	throttled     bool
}

func failure(status int, code, message string) answer {
	return answer{status: status, failed: &graphError{code: code, message: message}}
}

var tooManyRequests = &graphError{code: "TooManyRequests", message: "Please retry again later.", throttled: true}

// throttled tells the client to wait; Graph gives the seconds as a fraction.
func throttled(wait time.Duration) answer {
	ms := (wait + time.Millisecond - 1).Truncate(time.Millisecond) // never too early
	return answer{
		status: http.StatusTooManyRequests,
		header: map[string]string{"Retry-After": strconv.FormatFloat(ms.Seconds(), 'f', -1, 64)},
		failed: tooManyRequests,
	}
}

func (e *graphError) encode(h http.Header, now time.Time) []byte {
	type inner struct {
		Code    string `json:"code,omitempty"`
		Date    string `json:"date"`
		Message string `json:"message,omitempty"`
		ID      string `json:"request-id"`
		Client  string `json:"client-request-id,omitempty"`
		Status  string `json:"status,omitempty"`
	}
	in := inner{Date: now.Format("2006-01-02T15:04:05"), ID: h.Get("request-id"), Client: h.Get("client-request-id")}
	var object any = struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Inner   inner  `json:"innerError"`
	}{e.code, e.message, in}
	if e.throttled {
		in.Code, in.Message, in.Status, in.Client = "429", "Please retry after", "429", ""
		object = struct {
			Code    string `json:"code"`
			Inner   inner  `json:"innerError"`
			Message string `json:"message"`
		}{e.code, in, e.message}
	}
	body, err := json.Marshal(map[string]any{"error": object})
	if err != nil {
		panic(err) // strings only
	}
	return body
}
