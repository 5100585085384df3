package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"ingestd/internal/config"
)

// policy lets the page load its own style, script and icon, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard answers only requests for a host that is meant, so that no page of
// another site can read this one by a name that it had resolved to here, and
// sets the headers that every answer has.
func guard(c config.Server, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !isMeant(c, r.Host) {
			const why = "this server does not answer to that name; add it to server.hosts"
			http.Error(w, why, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isMeant reports whether the Host of a request is loopback, what the server
// listens on, or configured. Where it listens on all addresses it may be any of
// them: only a name can be made to lead here.
func isMeant(c config.Server, host string) bool {
	name := hostname(host)
	listen := hostname(c.Listen)
	if name == "localhost" || name == listen || slices.Contains(c.Hosts, name) {
		return name != ""
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	all, err := netip.ParseAddr(listen)
	return ip.IsLoopback() || listen == "" || err == nil && all.IsUnspecified()
}

// hostname is a host without its port, in lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}
