package export

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3://
)

// A Mistake is something that was asked for and cannot be.
type Mistake string

func (m Mistake) Error() string { return string(m) }

func mistake(format string, args ...any) error { return Mistake(fmt.Sprintf(format, args...)) }

const errTarget = Mistake("--to takes a folder, s3://BUCKET/PATH or azblob://CONTAINER/PATH")

// OpenTarget opens a folder, which it makes if need be, or a path in a bucket of S3
// or a container of Azure. Credentials of these come from the environment, as with
// other tools of theirs. What is written there appears as a whole or not at all.
func OpenTarget(ctx context.Context, to string) (*blob.Bucket, error) {
	if isFolder(to) {
		b, err := fileblob.OpenBucket(to, &fileblob.Options{
			CreateDir: true, DirFileMode: 0o755, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
		})
		return b, told(to, err)
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "s3" && u.Scheme != "azblob" || u.Host == "" || u.User != nil {
		return nil, errTarget
	}
	path := strings.Trim(u.Path, "/")
	u.Path = ""
	b, err := blob.OpenBucket(ctx, u.String())
	if err == nil && path != "" {
		b = blob.PrefixedBucket(b, path+"/")
	}
	return b, told(to, err)
}

// isFolder reports whether a target is a folder and no bucket.
func isFolder(to string) bool { return !strings.Contains(to, "://") }

// placeOf is the same for all ways to write a target that is open, and holds no
// secret.
func placeOf(to string) string {
	if isFolder(to) {
		if real, err := filepath.EvalSymlinks(to); err == nil {
			to = real
		}
		to, _ = filepath.Abs(to)
		return to
	}
	address, _, _ := strings.Cut(to, "?")
	scheme, path, _ := strings.Cut(address, "://")
	host, path, _ := strings.Cut(path, "/")
	return scheme + "://" + host + "/" + strings.Trim(path, "/")
}

// secrets are what an address may hold behind a question mark, such as a signature
// of Azure, and in front of a server's name.
var secrets = regexp.MustCompile(`\?[^\s"]+|//[^\s/"@]+@`)

// A targetError is an error of the target, without secrets that may be in it.
type targetError string

func (e targetError) Error() string { return string(e) }

// told makes an error of the target a targetError.
func told(to string, err error) error {
	var known targetError
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &known) {
		return err
	}
	clean := func(s string) string { return secrets.ReplaceAllString(s, "") }
	return targetError("write to " + clean(to) + ": " + clean(err.Error()))
}
