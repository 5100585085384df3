package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// maxBody bounds a decompressed answer. A page of 1,000 log rows takes about 1 MB and a record with 60 sessions a few;
// beyond this it is a fault or a bomb, and many requests are in flight at a time.
const maxBody = 64 << 20

// bodyChunk is how many bytes of a body are reserved at a time. The first is reserved before its request is made, so
// that most waiting for memory is done without an open answer.
const bodyChunk = 64 << 10

// bodies reads answers whole. Decompressors are kept because each allocates tens of kilobytes, and buffers because one
// that grew is up to twice as large as its answer, which lives until its rows are stored.
type bodies struct {
	max     int64
	gzips   sync.Pool
	buffers sync.Pool
}

// errTooLarge is the cause of an Error when an answer is larger than 64 MiB.
var errTooLarge = errors.New("answer is too large")

// read returns the decompressed body after its last byte and checksum, or, with an error, what could be read of it.
// A length or chunk that is not met is an error by net/http. Without either and uncompressed, a cut goes unseen here:
// the reader of the JSON must insist on its end.
func (b *bodies) read(resp *http.Response, m *meter) ([]byte, error) {
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "", "identity":
		return b.readAll(resp.Body, m)
	case "gzip":
		return b.gunzip(resp.Body, m)
	default:
		return nil, errors.New("unknown content encoding")
	}
}

func (b *bodies) gunzip(body io.Reader, m *meter) ([]byte, error) {
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
	return b.readAll(reader, m)
}

func (b *bodies) readAll(body io.Reader, m *meter) ([]byte, error) {
	all, ok := b.buffers.Get().(*bytes.Buffer)
	if !ok {
		all = new(bytes.Buffer)
	}
	defer b.buffers.Put(all)
	all.Reset()
	m.body = io.LimitReader(body, b.max+1)
	n, err := all.ReadFrom(m)
	if err == nil && n > b.max {
		err = fmt.Errorf("%w: above %d bytes", errTooLarge, b.max)
	}
	return bytes.Clone(all.Bytes()), err
}

// meter counts the bytes of a body against a reservation before it reads them.
type meter struct {
	ctx            context.Context // of the wait for memory
	hold           *Reservation
	reserved, read int64
	body           io.Reader
}

// newMeter takes the first chunk as reserved.
func newMeter(ctx context.Context, hold *Reservation) *meter {
	return &meter{ctx: ctx, hold: hold, reserved: bodyChunk}
}

func (m *meter) Read(p []byte) (int, error) {
	if m.read == m.reserved {
		if err := m.hold.Grow(m.ctx, bodyChunk); err != nil {
			return 0, err
		}
		m.reserved += bodyChunk
	}
	n, err := m.body.Read(p[:min(int64(len(p)), m.reserved-m.read)])
	m.read += int64(n)
	return n, err
}

// settle gives back what is not needed: of a body that is kept the bytes beyond its end, of another all but the first
// chunk, which the next attempt uses.
func (m *meter) settle(kept bool) {
	need := int64(bodyChunk)
	if kept {
		need = m.read
	}
	m.hold.shrink(m.reserved - need)
}
