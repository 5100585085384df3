package fetch

import (
	"bytes"
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

// read returns the decompressed body after its last byte and checksum, or, with an error, what could be read of it.
// A length or chunk that is not met is an error by net/http. Without either and uncompressed, a cut goes unseen here:
// the reader of the JSON must insist on its end.
func (b *bodies) read(resp *http.Response) ([]byte, error) {
	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
		return b.readAll(resp.Body)
	case "gzip":
		return b.gunzip(resp.Body)
	default:
		return nil, fmt.Errorf("unknown content encoding %q", clean(encoding))
	}
}

func (b *bodies) gunzip(body io.Reader) ([]byte, error) {
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
	return b.readAll(reader)
}

func (b *bodies) readAll(body io.Reader) ([]byte, error) {
	all, ok := b.buffers.Get().(*bytes.Buffer)
	if !ok {
		all = new(bytes.Buffer)
	}
	defer b.buffers.Put(all)
	all.Reset()
	n, err := all.ReadFrom(io.LimitReader(body, b.max+1))
	if err == nil && n > b.max {
		err = fmt.Errorf("answer is larger than %d bytes", b.max)
	}
	return bytes.Clone(all.Bytes()), err
}
