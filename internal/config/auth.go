package config

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// source is a key of Auth that names a credential.
type source struct {
	key   string
	given bool
	check func() error // reads the credential
}

func (a *Auth) sources() []source {
	secret := func() error { _, err := a.ClientSecret.Read(); return err }
	certificate := func() error { _, _, err := a.Certificate.Read(); return err }
	token := func() error { _, err := a.FederatedToken.Read(); return err }
	return []source{
		{"client_secret_file", a.ClientSecretFile != "", secret},
		{"client_secret_env", a.ClientSecretEnv != "", secret},
		{"certificate_file", a.CertificateFile != "", certificate},
		{"federated_token_file", a.FederatedTokenFile != "", token},
		{"managed_identity", a.ManagedIdentity, func() error { return nil }},
	}
}

func (l *loader) checkAuth(path string, a *Auth) {
	a.ClientSecret = Secret{file: a.ClientSecretFile, env: a.ClientSecretEnv, getenv: l.getenv}
	a.Certificate = Certificate{
		file:     Secret{file: a.CertificateFile, getenv: l.getenv},
		password: Secret{file: a.CertificatePasswordFile, getenv: l.getenv},
	}
	a.FederatedToken = Secret{file: a.FederatedTokenFile, getenv: l.getenv}
	if a.ClientID != "" || !a.ManagedIdentity {
		l.checkGUID(join(path, "client_id"), &a.ClientID)
	}
	if a.CertificatePasswordFile != "" && a.CertificateFile == "" {
		l.add(join(path, "certificate_password_file"), "only with certificate_file")
	}
	l.checkSource(path, a.sources())
}

// checkSource demands one credential and reads it. A file that is missing may be
// mounted later; whoever asks for a token says so.
func (l *loader) checkSource(path string, all []source) {
	var names, given []string
	for _, s := range all {
		if l.blamed(join(path, s.key)) {
			return
		}
		names = append(names, s.key)
		if s.given {
			given = append(given, s.key)
		}
	}
	switch len(given) {
	case 0:
		l.add(path, "exactly one of %s is needed, none is given", enumerate(names))
		return
	case 1:
	default:
		l.add(path, "exactly one of %s is needed, %s are given", enumerate(names), enumerate(given))
		return
	}
	err := all[slices.Index(names, given[0])].check()
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return
	}
	key := given[0]
	if _, ok := errors.AsType[errPassword](err); ok {
		key = "certificate_password_file"
	}
	l.add(join(path, key), "%s", err)
}

// enumerate writes a, b and c.
func enumerate(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// Exposed says of each file of the credential how others may get at it; see
// Secret.Exposed.
func (a Auth) Exposed() (lines []string) {
	for _, s := range []Secret{a.ClientSecret, a.Certificate.file, a.Certificate.password, a.FederatedToken} {
		if line := s.Exposed(); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
