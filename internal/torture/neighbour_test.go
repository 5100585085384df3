package torture

import (
	"fmt"

	"github.com/google/uuid"

	"ingestd/internal/store/storetest"
)

// neighbour is another tenant of the same database, which nobody reads any more. Its rows have the same keys.
var neighbour = uuid.MustParse("11111111-2222-4333-8444-555555555555")

// moveIn gives the neighbour all that is stored of the tenant, slots that failed and records that did. Its hours are
// noted for the rollups, whatever a process that was killed has computed meanwhile.
func (w *world) moveIn() {
	w.Helper()
	w.exec(fmt.Sprintf(`
		DO $$
		DECLARE
			name text;
			rest text;
		BEGIN
			FOR name, rest IN
				SELECT c.oid::regclass, string_agg(quote_ident(attname), ', ') FILTER (WHERE attname <> 'tenant_id')
				FROM pg_class c
				JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
					AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
				WHERE %[1]s
				GROUP BY c.oid
			LOOP
				EXECUTE format('INSERT INTO %%s (tenant_id, %%s) SELECT %%L, %%2$s FROM %%1$s', name, rest, '%[2]s');
			END LOOP;
		END $$;
		INSERT INTO ingest.parked (tenant_id, endpoint, slot_from, slot_to, since, failed_at, code, error, run_id)
		SELECT tenant_id, endpoint, slot_from, slot_to, read_at, read_at, '', '', run_id
		FROM ingest.slots WHERE tenant_id = '%[2]s'
		ON CONFLICT DO NOTHING;
		INSERT INTO ingest.details_retries
			(tenant_id, call_id, attempts, since, failed_at, next_at, state, code, error, run_id)
		SELECT tenant_id, id, 1, updated_at, updated_at, updated_at, 'waiting', '', '', run_id
		FROM teams.call_records WHERE tenant_id = '%[2]s'
		ON CONFLICT DO NOTHING;
		DO $$
		DECLARE
			name text;
			at text;
		BEGIN
			FOR name, at IN SELECT s.name, s.at FROM rollup.sources s
			LOOP
				EXECUTE format('INSERT INTO rollup.stale (tenant_id, source, at)
					SELECT DISTINCT tenant_id, %%1$L, date_trunc(''hour'', %%2$s) FROM teams.%%1$I
					WHERE tenant_id = %%3$L AND %%2$s IS NOT NULL', name, at, '%[2]s');
			END LOOP;
		END $$`, shared, neighbour))
	w.beside = w.hasBeside()
}

// shared holds for tables with rows of all tenants, but for those of what is configured and at work.
const shared = `relkind IN ('r', 'p') AND NOT relispartition AND (
	relnamespace = 'teams'::regnamespace OR c.oid::regclass::text IN (
		'ingest.slots', 'ingest.parked', 'ingest.rejects', 'ingest.details_retries', 'ingest.tombstones'))`

// hasBeside tells all that the neighbour has, but for the numbers of transactions, by table.
func (w *world) hasBeside() map[string]string {
	w.Helper()
	w.reconnect()
	all := map[string]string{}
	for _, table := range storetest.Query[[]string](w, w.conn, `
		SELECT array_agg(c.oid::regclass::text) FROM pg_class c WHERE `+shared) {
		all[table] = storetest.Query[string](w, w.conn, `
			SELECT count(*) || '/' || coalesce(sum(hashtext((to_jsonb(t) - 'change_xid')::text)), 0)
			FROM `+table+` t WHERE tenant_id = $1`, neighbour)
	}
	return all
}

// checkNeighbour holds that nothing that is done to the tenant is done to its neighbour.
func (w *world) checkNeighbour() {
	w.Helper()
	if w.beside == nil {
		return
	}
	for table, has := range w.hasBeside() {
		if had := w.beside[table]; has != had {
			w.violate("the neighbour has %s in %s, and had %s", has, table, had)
		}
	}
}
