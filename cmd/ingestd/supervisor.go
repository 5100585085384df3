package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ingestd/internal/config"
)

// notify tells the supervisor how the process stands, if it is systemd and asks
// for it (Type=notify). Whether it listens makes no difference.
func notify(state string) { _, _ = daemon.SdNotify(false, state) }

func notifyReloading() {
	notify(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
}

// onReload calls reload at each SIGHUP until ctx ends.
func onReload(ctx context.Context, reload func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return // SIGHUP stays caught: it ends nothing
			case <-hangups:
				notifyReloading()
				reload()
				notify(daemon.SdNotifyReady)
			}
		}
	}()
}

// A reloader reads the log level and the credentials anew.
type reloader struct {
	app    *app
	load   func() (*config.Config, error)
	again  func()            // has endpoints tried that are denied
	prints map[string]string // of the credentials of tenants, as last read
}

// reload says what has changed. A configuration with faults changes nothing.
func (r *reloader) reload() {
	next, err := r.load()
	if err != nil {
		r.app.log.Error("the configuration has faults and is not read anew", zap.Error(err))
		return
	}
	changes := []zap.Field{zap.Strings("credentials_changed", r.changed(next))}
	was := r.app.level.Level()
	if level, err := zapcore.ParseLevel(next.Log.Level); err == nil && level != was {
		r.app.level.SetLevel(level)
		changes = append(changes, zap.Stringer("log_level_was", was), zap.Stringer("log_level", level))
	}
	r.app.log.Info("log level and credentials are read anew; other settings wait for a restart", changes...)
	r.again()
}

// changed names the tenants whose credentials are not what they were.
func (r *reloader) changed(c *config.Config) []string {
	var names []string
	for _, t := range c.Tenants {
		now := fingerprint(t.Auth)
		if was, known := r.prints[t.ID]; known && was != now {
			names = append(names, t.Name)
		}
		r.prints[t.ID] = now
	}
	return names
}

// fingerprint is another one when the credential of a tenant is.
func fingerprint(a config.Auth) string {
	all := sha256.New()
	for _, name := range []string{
		a.ClientSecretFile, a.CertificateFile, a.CertificatePasswordFile, a.FederatedTokenFile,
	} {
		content, err := os.ReadFile(name)
		fmt.Fprintf(all, "%q %v ", content, err)
	}
	fmt.Fprintf(all, "%q", os.Getenv(a.ClientSecretEnv))
	return string(all.Sum(nil))
}
