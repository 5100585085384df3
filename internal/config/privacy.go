package config

import (
	"bytes"
	"slices"
)

// Key is a secret of which keys are made. It never prints.
type Key struct {
	mask
	file   Secret
	secret []byte
}

// Reveal returns the secret.
func (k Key) Reveal() []byte { return k.secret }

// leastKey is how many bytes a secret has to have.
const leastKey = 32

// class is a key of Privacy that has a mode.
type class struct {
	key, mode string
	modes     []string // that fit
}

func (p Privacy) classes() []class {
	return []class{
		{"identity", p.Identity, []string{"keep", "hmac", "drop"}},
		{"numbers", p.Numbers, []string{"keep", "mask", "hmac", "drop"}},
		{"location", p.Location, []string{"keep", "truncate", "hmac", "drop"}},
		{"free_text", p.FreeText, []string{"keep", "drop"}},
	}
}

// InForce returns the modes of the classes that are not kept, such as "numbers: mask".
func (p Privacy) InForce() (modes []string) {
	for _, c := range p.classes() {
		if c.mode != "keep" && slices.Contains(c.modes, c.mode) {
			modes = append(modes, c.key+": "+c.mode)
		}
	}
	return modes
}

func (l *loader) checkPrivacy(path string, p *Privacy) {
	for _, c := range p.classes() {
		l.oneOf(join(path, c.key), c.mode, c.modes...)
	}
	if p.KeyFile == "" {
		if modes := p.InForce(); len(modes) > 0 {
			l.add(join(path, "key_file"), "missing, and needed for %s; make one with: openssl rand -hex 32 > FILE",
				enumerate(modes))
		}
		return
	}
	p.Key.file = Secret{file: p.KeyFile, getenv: l.getenv}
	secret, err := p.Key.file.read()
	switch secret = bytes.TrimSuffix(bytes.TrimSuffix(secret, []byte("\n")), []byte("\r")); {
	case err != nil:
		l.add(join(path, "key_file"), "%s", err)
	case len(secret) < leastKey:
		l.add(join(path, "key_file"), "the file holds fewer than %d bytes; make one with: openssl rand -hex 32 > FILE",
			leastKey)
	}
	p.Key.secret = secret
}

// Exposed says how others may get at the file; see Secret.Exposed.
func (k Key) Exposed() string { return k.file.Exposed() }
