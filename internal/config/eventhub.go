package config

import (
	"errors"
	"io/fs"
	"net"
	"net/url"
	"strings"
)

// Enabled reports whether Graph is to send notifications to a hub.
func (h EventHub) Enabled() bool { return h.Host != "" }

// URL is the hub as Graph is told it
// (https://learn.microsoft.com/graph/change-notifications-delivery-event-hubs).
func (h EventHub) URL() string {
	return "EventHub:https://" + h.namespace() + "/eventhubname/" + url.PathEscape(h.Hub) +
		"?tenantId=" + url.QueryEscape(h.Domain)
}

// Scope is what a token for the namespace is asked for.
func (h EventHub) Scope() string { return "https://" + h.namespace() + "/.default" }

// namespace is the host without a port.
func (h EventHub) namespace() string {
	if host, _, err := net.SplitHostPort(h.Host); err == nil {
		return host
	}
	return h.Host
}

// checkEventHub demands all that is needed to have Graph send to a hub, and to read
// it.
func (l *loader) checkEventHub(path string, h *EventHub) {
	h.ConnectionString = Secret{file: h.ConnectionStringFile, getenv: l.getenv}
	if !h.Enabled() {
		if h.Hub+h.Domain+h.ConnectionStringFile != "" {
			l.add(join(path, "host"), "missing: the namespace, such as contoso.servicebus.windows.net")
		}
		return
	}
	isName := func(text, others string) bool { return text != "" && !strings.ContainsAny(text, "/?#@ "+others) }
	if !isName(h.Host, "") || strings.Contains(h.Host, ":") && !isAddress(h.Host) {
		l.add(join(path, "host"), "must be a host such as contoso.servicebus.windows.net, without scheme")
	}
	if !isName(h.Hub, ":") {
		l.add(join(path, "hub"), "must be the name of a hub in the namespace")
	}
	if !isName(h.Domain, ":") {
		l.add(join(path, "domain"), "must be a domain of the Entra tenant that the namespace belongs to, "+
			"such as contoso.com")
	}
	if !isName(h.ConsumerGroup, ":") {
		l.add(join(path, "consumer_group"), "must be the name of a consumer group")
	}
	if h.ConnectionStringFile != "" {
		if err := h.checkConnectionString(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.add(join(path, "connection_string_file"), "%s", err)
		}
	}
}

// checkConnectionString reads it, and demands that it is one for the hub. A file that
// is missing may be mounted later.
func (h *EventHub) checkConnectionString() error {
	text, err := h.ConnectionString.Read()
	if err != nil {
		return err
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(part, "=")
		parts[key] = value
	}
	switch to, is := parts["EntityPath"]; {
	case parts["Endpoint"] == "" || parts["SharedAccessKey"] == "":
		return errors.New("holds no connection string: Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…")
	case !strings.EqualFold(strings.Trim(parts["Endpoint"], "/"), "sb://"+h.namespace()):
		return errors.New("holds a connection string of another namespace than host")
	case is && to != h.Hub:
		return errors.New("holds a connection string of another hub")
	}
	return nil
}
