package config

import (
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"strings"
)

const customCloud = "custom"

// cloud is where a Microsoft cloud answers. Graph's page on national cloud
// deployments is the source; the Chinese cloud has no call records.
type cloud struct{ graph, login string }

var clouds = map[string]cloud{
	"global":   {"https://graph.microsoft.com", "https://login.microsoftonline.com"},
	"usgov-l4": {"https://graph.microsoft.us", "https://login.microsoftonline.us"},
	"usgov-l5": {"https://dod-graph.microsoft.us", "https://login.microsoftonline.us"},
}

// GraphURL is the root of Graph for the tenant, scheme and host, without a
// slash at the end.
func (t Tenant) GraphURL() string {
	if t.Cloud == customCloud {
		return t.CustomGraphURL
	}
	return clouds[t.Cloud].graph
}

// LoginURL is the login authority of the tenant, scheme and host, without a
// slash at the end.
func (t Tenant) LoginURL() string {
	if t.Cloud == customCloud {
		return t.CustomLoginURL
	}
	return clouds[t.Cloud].login
}

func (l *loader) checkCloud(path string, t *Tenant) {
	if t.Cloud == "china" {
		l.add(join(path, "cloud"), "Microsoft offers neither call records nor the logs in its Chinese cloud (21Vianet)")
	}
	l.oneOf(join(path, "cloud"), t.Cloud, "global", "usgov-l4", "usgov-l5", customCloud)
	if err := checkCA(t.CAFile); err != nil {
		l.add(join(path, "ca_file"), "%s", err)
	}
	if t.Cloud != customCloud {
		l.refuseCustom(join(path, "graph_url"), t.CustomGraphURL)
		l.refuseCustom(join(path, "login_url"), t.CustomLoginURL)
		return
	}
	l.checkRoot(join(path, "graph_url"), &t.CustomGraphURL)
	l.checkRoot(join(path, "login_url"), &t.CustomLoginURL)
}

func (l *loader) refuseCustom(path, value string) {
	if value != "" {
		l.add(path, "only for cloud custom")
	}
}

// checkRoot demands https://host[:port] and cuts a slash at the end.
func (l *loader) checkRoot(path string, root *string) {
	if *root == "" {
		l.add(path, "missing (cloud custom needs it)")
		return
	}
	*root = strings.TrimSuffix(*root, "/")
	u, err := url.Parse(*root)
	if err != nil || u.Hostname() == "" || u.String() != "https://"+u.Host {
		l.add(path, "must be https://host or https://host:port, without user, path or query")
	}
}

// checkProxy names a variable that holds no address: net/http would pass it over without a word.
func (l *loader) checkProxy() {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		_, err := url.Parse(l.getenv(name))
		if _, again := url.Parse("http://" + l.getenv(name)); err != nil && again != nil {
			l.places[name] = place{variable: name}
			l.add(name, "is no address of a proxy, such as http://proxy.example:3128")
		}
	}
}

func checkCA(file string) error {
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return errors.New("the file cannot be read: " + reason(err))
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return errors.New("the file holds no PEM certificate")
	}
	return nil
}
