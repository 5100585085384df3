package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
// without one newline at the end. An empty secret is an error, and so is a
// file that other users could have written or may read; see refuseMode. The
// error does not quote the secret, nor the file's name unless the file exists.
func (s Secret) Read() (string, error) {
	text, err := s.read()
	if err != nil {
		return "", err
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "" {
		return "", errors.New("the secret is empty")
	}
	return text, nil
}

func (s Secret) read() (string, error) {
	if s.file == "" {
		if text := s.getenv(s.env); text != "" {
			return text, nil
		}
		return "", errors.New("the environment variable is not set or empty")
	}
	file, err := os.Open(s.file)
	if err != nil {
		return "", fmt.Errorf("the file cannot be read: %s", reason(err))
	}
	defer file.Close()
	if err := s.refuseMode(file); err != nil {
		return "", err
	}
	data, err := readAll(file, maxSecret)
	if err != nil {
		return "", fmt.Errorf("the file cannot be read: %s", reason(err))
	}
	return string(data), nil
}

// refuseMode looks at the open file, not at its name, so that the file checked
// is the file read. The owner may do anything and the group may read
// (root:ingestd 0640 is good practice); others may not. What the container
// runtime or systemd puts in place is often readable by all, mode 0444, and
// guarded by the mount instead, so below their folders reading is allowed.
// Writing by group or others never is: they could replace the secret.
func (s Secret) refuseMode(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("the file cannot be read: %s", reason(err))
	}
	if !info.Mode().IsRegular() {
		return errors.New("must be a regular file")
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 || mode&0o004 != 0 && !s.mounted() {
		return fmt.Errorf("other users may write or read the file (mode %04o); run: chmod 600 '%s'", mode, s.file)
	}
	return nil
}

// mounted reports whether the file was put in place by the container runtime or
// by systemd (LoadCredential=).
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
	return false
}
