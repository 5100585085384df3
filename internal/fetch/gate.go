package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// gate lets through what may be sent with the tenant's token: absolute links to Graph's own origin, under an API root.
// Every request passes it, since links and ids come from the wire. Its errors name the host only.
func gate(graph *url.URL, link string) (*url.URL, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, errors.New("link is unreadable")
	}
	root := path.Clean(u.Path)
	switch {
	case u.Scheme == "" || u.Host == "":
		return nil, errors.New("link is relative")
	case u.User != nil:
		return nil, fmt.Errorf("link to host %q carries user information", identifier(u.Host))
	case !sameOrigin(u, graph):
		return nil, fmt.Errorf("link leads to %s host %q", identifier(u.Scheme), identifier(u.Host))
	case strings.Contains(link, "#"):
		return nil, errors.New("link carries a fragment")
	case root != "/v1.0" && root != "/beta" && !strings.HasPrefix(root, "/v1.0/") && !strings.HasPrefix(root, "/beta/"):
		return nil, errors.New("link leads outside /v1.0/ and /beta/")
	}
	u.RawQuery = strings.ReplaceAll(u.RawQuery, " ", "%20") // net/http would send it raw and break the request line
	return u, nil
}

func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if u.Port() == "" && u.Scheme == "https" {
		return "443"
	}
	return u.Port()
}

// origin parses the configured URL of a service: https, a host, nothing else.
func origin(name, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" ||
		u.User != nil || strings.ContainsAny(raw, "?#") {
		return nil, fmt.Errorf("%s must be https://host or https://host:port", name)
	}
	u.Path = ""
	return u, nil
}
