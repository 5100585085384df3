package schedule_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

// What Graph and Entra say in their errors may name people: it gets into bodies, which are marked as personal data, and
// nowhere else, neither into the log nor into a text of schema ingest.
func TestMessagesOfErrorsStayInBodies(t *testing.T) {
	t.Parallel()
	const person = "anna.canary@contoso.com"
	log := new(lockedBuffer)
	c := week()
	c.Endpoints = []string{"pstn_calls", "call_records"}
	c.Graph.Records = scheduletest.Records(3)
	c.Log = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), log, zap.DebugLevel))
	w := scheduletest.New(t, c)
	failing := func(r graphsim.Request) bool {
		return r.Operation == "getPstnCalls" && r.From.Format(time.DateOnly) == faultyDay ||
			r.Operation == "getCallRecord" && r.CallID == scheduletest.RecordID(0)
	}
	bodies := 0
	for _, status := range []int{500, 403} {
		w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if status == 500 && !failing(r) {
				return graphsim.Fault{}
			}
			return graphsim.Fault{Status: status, Message: person}
		})
		w.Forget()
		for _, endpoint := range c.Endpoints {
			if _, err := w.Of(endpoint).Try(t.Context()); err == nil && status == 403 {
				t.Errorf("%s with %d: no error", endpoint, status)
			}
		}
		for table, text := range ledger(w) {
			if strings.Contains(text, person) {
				t.Errorf("%s quotes a message outside of a body", table)
			}
			bodies += strings.Count(text, hex.EncodeToString([]byte(person)))
		}
	}
	if !strings.Contains(log.String(), "403 Forbidden") {
		t.Error("the log tells of no error")
	}
	if strings.Contains(log.String(), person) {
		t.Error("the log quotes a message")
	}
	if bodies == 0 {
		t.Error("no body is kept")
	}
}

// ledger is the text of all rows of each table of schema ingest.
func ledger(w *scheduletest.World) map[string]string {
	w.Helper()
	rows, err := w.Conn.Query(w.Context(), `SELECT tablename::text FROM pg_tables WHERE schemaname = 'ingest'`)
	if err != nil {
		w.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.Fatal(err)
	}
	texts := map[string]string{}
	for _, table := range tables {
		var text string
		all := `SELECT coalesce(string_agg(t::text, ' '), '') FROM ingest.` + table + ` t`
		if err := w.Conn.QueryRow(w.Context(), all).Scan(&text); err != nil {
			w.Fatal(err)
		}
		texts[table] = text
	}
	return texts
}

// lockedBuffer is a log that several write to.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) Sync() error { return nil }

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
