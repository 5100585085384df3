package config

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// noServer is the value of server.listen that switches the server off.
const noServer = "none"

// Enabled reports whether there is to be a server.
func (s Server) Enabled() bool { return s.Listen != noServer }

// checkServer demands an address with a port, and plain names.
func (l *loader) checkServer(s *Server) {
	if s.Enabled() && !isAddress(s.Listen) {
		l.add("server.listen", "must be a host and a port such as 127.0.0.1:8080, or none")
	}
	for i, host := range s.Hosts {
		s.Hosts[i] = strings.ToLower(host)
		if host == "" || strings.ContainsAny(host, "/:*@ ") && net.ParseIP(host) == nil {
			l.add(fmt.Sprintf("server.hosts[%d]", i),
				"must be a name such as ingest.example.com, without scheme or port")
		}
	}
	slices.Sort(s.Hosts)
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	number, notNumber := strconv.ParseUint(port, 10, 16)
	return err == nil && notNumber == nil && number <= 65535
}
