package store_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A meter counts the blocks of tables and indexes that the store reads.
type meter struct {
	t    testing.TB
	db   *store.DB // has one session, whose counts can be asked for at once
	conn *pgx.Conn
}

func newMeter(t testing.TB) *meter {
	t.Helper()
	url := storetest.URL(t)
	return &meter{t, storetest.Connect(t, oneSession(url)), storetest.Conn(t, url)}
}

// oneSession has whoever connects to a URL make one connection at most.
func oneSession(url string) string {
	if strings.Contains(url, "?") {
		return url + "&pool_max_conns=1"
	}
	return url + "?pool_max_conns=1"
}

func (m *meter) exec(sql string, args ...any) {
	m.t.Helper()
	if _, err := m.conn.Exec(m.t.Context(), sql, args...); err != nil {
		m.t.Fatal(err)
	}
}

// blocks returns how many blocks work reads.
func (m *meter) blocks(work func()) int {
	m.t.Helper()
	before := m.count()
	work()
	return m.count() - before
}

func (m *meter) count() int {
	m.t.Helper()
	if _, err := m.db.Ask(m.t.Context(), `SELECT pg_stat_force_next_flush()`); err != nil {
		m.t.Fatal(err)
	}
	m.exec(`SELECT pg_stat_force_next_flush()`) // of what this session did itself
	return storetest.Query[int](m.t, m.conn, `
		SELECT sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit) FROM pg_statio_user_tables`)
}
