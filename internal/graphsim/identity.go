package graphsim

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// IdentityHeader is the secret of IdentityEndpoint, the variable
// IDENTITY_HEADER of an App Service.
const IdentityHeader = "simulated-identity-header"

// IdentityEndpoint is where a managed identity gets its tokens in an App
// Service or a container app: the variable IDENTITY_ENDPOINT. A virtual machine
// asks http://169.254.169.254, which a client's transport may lead to GraphURL.
func (s *Server) IdentityEndpoint() string { return s.url + "/msi/token" }

// virtualMachine is the instance metadata service (IMDS).
func (s *Server) virtualMachine(r *http.Request, _ []byte) answer {
	if r.Header.Get("Metadata") != "true" || r.FormValue("api-version") != "2018-02-01" {
		return identityRefused("Required metadata header not specified")
	}
	return s.identityToken(r)
}

// appService is the endpoint of an App Service.
func (s *Server) appService(r *http.Request, _ []byte) answer {
	if r.Header.Get("X-IDENTITY-HEADER") != IdentityHeader || r.FormValue("api-version") != "2019-08-01" {
		return identityRefused("Bad request")
	}
	return s.identityToken(r)
}

// identityToken gives the system's identity, or that of ClientID, a token that
// ends by the machine's clock, which clients go by.
func (s *Server) identityToken(r *http.Request) answer {
	id, resource := r.FormValue("client_id"), r.FormValue("resource")
	switch {
	case s.credentials.withoutIdentity(), id != "" && !strings.EqualFold(id, ClientID):
		return identityRefused("Identity not found")
	case !s.isResource(resource):
		return identityRefused("The resource principal was not found in the tenant.")
	}
	return encoded(http.StatusOK, map[string]any{
		"access_token": s.issue(resource), "client_id": ClientID, "resource": resource, "token_type": "Bearer",
		"expires_on": strconv.FormatInt(time.Now().Add(tokenLife).Unix(), 10),
	})
}

func (c *credentials) withoutIdentity() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.noIdentity
}

func identityRefused(message string) answer {
	return encoded(http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": message})
}

// isResource reports whether tokens are given for it: Graph, PostgreSQL in Azure,
// and a namespace of Event Hubs on this machine.
func (s *Server) isResource(resource string) bool {
	return resource == s.url || resource == "https://127.0.0.1" ||
		resource == "https://ossrdbms-aad.database.windows.net" ||
		resource == "https://ossrdbms-aad.database.usgovcloudapi.net"
}
