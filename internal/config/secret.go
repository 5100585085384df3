package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secret is where a secret is found. It holds no secret itself: the value is
// read at each use, so that a rotated one is picked up without a restart.
type Secret struct {
	mask
	file   string
	env    string
	getenv func(string) string
}

// maxSecret is the largest secret file read, in bytes.
const maxSecret = 64 << 10

// Read returns the secret as its file or variable holds it at this moment,
// without one newline at the end. What an editor or a shell leaves in a secret
// by mistake is an error that names it. No error quotes the secret, nor the
// file's name.
func (s Secret) Read() (string, error) {
	text, err := s.ReadPassword()
	if err == nil {
		err = refuseText(text)
	}
	if err != nil {
		return "", err
	}
	return text, nil
}

// ReadPassword is Read for what people choose: blanks and quotes may be part of
// it.
func (s Secret) ReadPassword() (string, error) {
	data, err := s.read()
	if err != nil {
		return "", err
	}
	if err := refuseEncoding(data); err != nil {
		return "", err
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return "", errors.New("the secret is empty")
	}
	return text, nil
}

func (s Secret) read() ([]byte, error) {
	if s.file == "" {
		if text := s.getenv(s.env); text != "" {
			return []byte(text), nil
		}
		return nil, errors.New("the environment variable is not set or empty")
	}
	file, err := os.Open(s.file)
	if err != nil {
		return nil, unreadable(err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("must be a regular file")
	}
	data, err := readAll(file, maxSecret)
	if err != nil {
		return nil, unreadable(err)
	}
	return data, nil
}

// errUnreadable keeps what errors.Is asks for, and names no path.
type errUnreadable struct{ cause error }

func (e errUnreadable) Error() string { return "the file cannot be read: " + reason(e.cause) }

// Is reports whether the file is missing, if that is the question.
func (e errUnreadable) Is(target error) bool {
	return target == fs.ErrNotExist && errors.Is(e.cause, fs.ErrNotExist)
}

func unreadable(err error) error { return errUnreadable{err} }

// refuseEncoding names what no editor shows.
func refuseEncoding(data []byte) error {
	begins := func(mark string) bool { return bytes.HasPrefix(data, []byte(mark)) }
	switch {
	case begins("\xff\xfe"), begins("\xfe\xff"), bytes.IndexByte(data, 0) >= 0:
		return errors.New("is UTF-16 or binary; save it as plain text (UTF-8)")
	case begins("\xef\xbb\xbf"):
		return errors.New("begins with a byte order mark; save it as UTF-8 without one")
	case !utf8.Valid(data):
		return errors.New("is not UTF-8; save it as plain text (UTF-8)")
	}
	return nil
}

// refuseText names what is no part of a secret or token of Entra's: these are
// printable ASCII without blanks.
func refuseText(text string) error {
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }):
		return errors.New("has more than one line; one newline at the end is all that may follow the secret")
	case strings.ContainsFunc(text, unicode.IsSpace):
		return errors.New("has a blank in it, or around it; a secret of Entra's has none")
	case strings.ContainsAny(text[:1]+text[len(text)-1:], `"'`):
		return errors.New("has quotes around it; write the secret without them")
	case strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }):
		return errors.New("has a character that is not printable ASCII; a secret of Entra's has none")
	}
	return nil
}

// Exposed says how others than the file's owner and group may get at the
// secret; it is empty where they may not, and where nothing can be said. What a
// container runtime, Kubernetes or systemd puts in place is often readable by
// all and guarded by the mount instead.
func (s Secret) Exposed() string {
	info, err := os.Stat(s.file)
	if s.file == "" || err != nil {
		return ""
	}
	const readable, writable = 0o004, 0o022
	mode, others := info.Mode().Perm(), ""
	switch {
	case mode&writable != 0:
		others = "replace"
	case mode&readable != 0 && !s.mounted():
		others = "read"
	default:
		return ""
	}
	return fmt.Sprintf("other users may %s %s (mode %04o); run: chmod 600 '%[2]s', or mount it with mode 0440",
		others, s.file, mode)
}

// mounted reports whether the file was put in place by a container runtime, by
// Kubernetes, whose mounts lead through a link named ..data, or by systemd
// (LoadCredential=).
func (s Secret) mounted() bool {
	path, err := filepath.Abs(s.file)
	if err != nil {
		return false
	}
	for _, folder := range []string{"/run/secrets", "/var/run/secrets", s.getenv("CREDENTIALS_DIRECTORY")} {
		if folder != "" && strings.HasPrefix(path, filepath.Clean(folder)+"/") {
			return true
		}
	}
	link, err := os.Readlink(path)
	return err == nil && strings.HasPrefix(link, "..data/")
}
