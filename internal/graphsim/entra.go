package graphsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// discovery answers with the OpenID configuration of the tenant: the members
// a client needs to find the token endpoint.
func (s *Server) discovery(r *http.Request, _ []byte) answer {
	tenant := r.PathValue("tenant")
	if !strings.EqualFold(tenant, s.tenant) {
		return s.unknownTenant(tenant)
	}
	root := s.url + "/" + s.tenant
	return encoded(http.StatusOK, map[string]any{
		"issuer":                                root + "/v2.0",
		"authorization_endpoint":                root + "/oauth2/v2.0/authorize",
		"token_endpoint":                        root + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
	})
}

// token grants client credentials: the shared secret, a certificate or a
// federated token.
func (s *Server) token(r *http.Request, _ []byte) answer {
	form := r.PostFormValue
	bad := s.credentials.check(form("client_secret"), form("client_assertion_type"), form("client_assertion"),
		s.url+"/"+s.tenant+"/oauth2/v2.0/token")
	switch {
	case !strings.EqualFold(r.PathValue("tenant"), s.tenant):
		return s.unknownTenant(r.PathValue("tenant"))
	case form("grant_type") == "":
		return s.refuse(
			400,
			"invalid_request",
			900144,
			"The request body must contain the following parameter: 'grant_type'.",
		)
	case form("grant_type") != "client_credentials":
		return s.refuse(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
	case !strings.EqualFold(form("client_id"), ClientID):
		return s.refuse(
			400,
			"unauthorized_client",
			700016,
			"Application with identifier '"+form("client_id")+"' was not found in the directory.",
		)
	case bad != nil:
		return s.refuse(bad.status, bad.word, bad.number, bad.message)
	case s.resourceOf(form("scope")) == "":
		return s.refuse(400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.")
	}
	seconds := int(tokenLife / time.Second)
	return encoded(http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds,

		"access_token": s.issue(s.resourceOf(form("scope"))),
	})
}

// resourceOf is the resource that one of the scopes is for; MSAL adds those of
// OpenID.
func (s *Server) resourceOf(scopes string) string {
	for _, scope := range strings.Fields(scopes) {
		if resource, whole := strings.CutSuffix(scope, "/.default"); whole && s.isResource(resource) {
			return resource
		}
	}
	return ""
}

func (s *Server) unknownTenant(tenant string) answer {
	return s.refuse(400, "invalid_tenant", 90002, "Tenant '"+tenant+"' not found.")
}

// refuse is an error answer of Entra, which differs from Graph's.
func (s *Server) refuse(status int, code string, number int, message string) answer {
	trace, correlation := uuid.NewString(), uuid.NewString()
	timestamp := s.now().UTC().Format("2006-01-02 15:04:05Z")
	return encoded(status, map[string]any{
		"error": code,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			number, message, trace, correlation, timestamp),
		"error_codes":    []int{number},
		"timestamp":      timestamp,
		"trace_id":       trace,
		"correlation_id": correlation,
		"error_uri":      fmt.Sprintf("%s/error?code=%d", s.url, number),
	})
}

func encoded(status int, body any) answer {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	return answer{
		status: status,
		body:   text,
		header: map[string]string{"Content-Type": "application/json; charset=utf-8"},
	}
}
