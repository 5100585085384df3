package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// A supervisor is what systemd is to the program: the socket that it notifies.
type supervisor struct {
	*testing.T
	socket *net.UnixConn
}

func newSupervisor(t *testing.T) *supervisor {
	t.Helper()
	dir, err := os.MkdirTemp("", "ingestd-test-") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	return &supervisor{t, socket}
}

// hears waits for a notification.
func (s *supervisor) hears(text string) {
	s.Helper()
	message := make([]byte, 4096)
	if err := s.socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.Fatal(err)
	}
	for {
		n, err := s.socket.Read(message)
		if err != nil {
			s.Fatalf("no word of %s: %v", text, err)
		}
		if strings.Contains(string(message[:n]), text) {
			return
		}
	}
}

// TestSupervisor has systemd start, reload and stop the daemon. The reload takes a new log level and a new secret, and
// names them.
func TestSupervisor(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	dir := workplace(t, url, simulate(t, small), "pstn_calls")
	secret, path := filepath.Join(dir, "secret"), filepath.Join(dir, "config.yaml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	atLevel := func(level string) string { return strings.Replace(string(text), "level: warn", "level: "+level, 1) }
	write(secret, "wrong")
	write(path, atLevel("info"))
	s := newSupervisor(t)
	p := launchWith(t, dir, []string{"NOTIFY_SOCKET=" + s.socket.LocalAddr().String(), "INGESTD_LOG_LEVEL="}, "run")
	s.hears("READY=1")
	s.hears("WATCHDOG=1")
	p.says(t, "no run")

	write(secret, graphsim.ClientSecret)
	write(path, atLevel("debug"))
	p.signal(t, syscall.SIGHUP)
	s.hears("RELOADING=1")
	s.hears("READY=1")
	p.says(t, `"credentials_changed":["simulated"],"log_level_was":"info","log_level":"debug"`)
	await(t, url, upToDate) // it was tried at once

	write(path, "tenants: [")
	p.signal(t, syscall.SIGHUP)
	p.says(t, "has faults")
	p.signal(t, syscall.SIGTERM)
	s.hears("STOPPING=1")
	p.exits(t, patience, exitOK)
}
