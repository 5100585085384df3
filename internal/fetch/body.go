package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// maxBody bounds a decompressed answer. A page of 1,000 log rows takes about 1 MB and a record with 60 sessions a few;
// beyond this it is a fault or a bomb, and two dozen requests are in flight at a time.
const maxBody = 64 << 20

// bodies reads answers whole. Decompressors are kept because each allocates tens of kilobytes, and buffers because one
// that grew is up to twice as large as its answer, which lives until its rows are stored.
type bodies struct {
	max     int64
	gzips   sync.Pool
	buffers sync.Pool
}

// ErrTooLarge is the cause of an Error when an answer is larger than asked for.
var ErrTooLarge = errors.New("answer is too large")

// read returns the decompressed body of at most so many bytes after its last byte and checksum, or, with an error, what
// could be read of it.
// A length or chunk that is not met is an error by net/http. Without either and uncompressed, a cut goes unseen here:
// the reader of the JSON must insist on its end.
func (b *bodies) read(resp *http.Response, most int64) ([]byte, error) {
	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		return b.readAll(resp.Body, most)
	case "gzip":
		return b.gunzip(resp.Body, most)
	default:
		return nil, fmt.Errorf("unknown content encoding %q", clean(encoding))
	}
}

func (b *bodies) gunzip(body io.Reader, most int64) ([]byte, error) {
	reader, ok := b.gzips.Get().(*gzip.Reader)
	if !ok {
		reader = new(gzip.Reader)
	}
	defer b.gzips.Put(reader)
	if err := reader.Reset(body); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // a gzip stream is never empty
		}
		return nil, err
	}
	return b.readAll(reader, most)
}

func (b *bodies) readAll(body io.Reader, most int64) ([]byte, error) {
	all, ok := b.buffers.Get().(*bytes.Buffer)
	if !ok {
		all = new(bytes.Buffer)
	}
	defer b.buffers.Put(all)
	all.Reset()
	n, err := all.ReadFrom(io.LimitReader(body, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("%w: above %d bytes", ErrTooLarge, most)
	}
	return bytes.Clone(all.Bytes()), err
}
