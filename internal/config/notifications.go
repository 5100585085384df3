package config

import (
	"crypto/tls"
	"net/url"
	"slices"
)

// URL is where Graph is to send notifications; empty: it is not to.
func (n Notifications) URL() string {
	if n.EventHub.Enabled() {
		return n.EventHub.URL()
	}
	return n.Webhook.PublicURL
}

// checkNotifications demands that there is one way at most.
func (l *loader) checkNotifications(path string, n *Notifications) {
	l.checkWebhook(join(path, "webhook"), &n.Webhook)
	l.checkEventHub(join(path, "event_hub"), &n.EventHub)
	if n.Webhook.Enabled() && n.EventHub.Enabled() {
		l.add(path, "give webhook or event_hub, not both: Graph allows an app one subscription")
	}
}

// Enabled reports whether Graph is to send notifications here.
func (w Webhook) Enabled() bool { return w.PublicURL != "" }

// checkWebhook demands an address that Graph can be told, and one to listen on.
func (l *loader) checkWebhook(path string, w *Webhook) {
	set := []string{w.Listen, w.CertificateFile, w.KeyFile}
	if !w.Enabled() {
		if slices.ContainsFunc(set, func(s string) bool { return s != "" }) {
			l.add(join(path, "public_url"), "missing: the address that Graph sends notifications to")
		}
		return
	}
	u, err := url.Parse(w.PublicURL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery+u.Fragment != "" {
		l.add(join(path, "public_url"), "must be https, a host and perhaps a path, "+
			"such as https://ingest.example.com/notifications")
	}
	if !isAddress(w.Listen) {
		l.add(join(path, "listen"), "must be a host and a port such as 0.0.0.0:8443")
	}
	switch {
	case (w.CertificateFile == "") != (w.KeyFile == ""):
		l.add(path, "tls_certificate_file and tls_key_file belong together; leave out both where a proxy ends TLS")
	case w.CertificateFile != "":
		if _, err := tls.LoadX509KeyPair(w.CertificateFile, w.KeyFile); err != nil {
			l.add(join(path, "tls_certificate_file"), "cannot be used with tls_key_file: %s", reason(err))
		}
	}
}
