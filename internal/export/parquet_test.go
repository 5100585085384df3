package export_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"ingestd/internal/export"
	"ingestd/internal/store/storetest"
)

// Every type that a view may have, its least and its greatest value, and null. A view that a customer has made is
// copied as a whole, rows of no tenant too.
func TestTypes(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	_, err := conn.Exec(t.Context(), `
		CREATE VIEW analytics.types AS
		SELECT * FROM (VALUES
			(true, 1::smallint, 2, 3::bigint, 0.1::float8, date '2026-01-05',
				timestamptz '2026-01-05 10:00:00.123456+01', timestamp '2026-01-05 10:00', 12.345,
				'5b0f3b5c-95d7-4b7e-8c4b-3a0f9f2f0001'::uuid, 'ä', '10.0.0.1'::inet),
			(false, -32768, -2147483648, -9223372036854775808, '-Infinity', '0001-01-01',
				'1969-12-31 23:59:59.999999Z', '1969-12-31', -99999999999999999999999999999.123456789, NULL, '', NULL),
			(NULL, 32767, 2147483647, 9223372036854775807, 'NaN', '9999-12-31', '9999-12-31Z',
				'9999-12-31', 1e29, NULL, NULL, NULL),
			(NULL, NULL, NULL, NULL, NULL, '-infinity', '-infinity', '-infinity', 'NaN', NULL, NULL, NULL),
			(NULL, NULL, NULL, NULL, NULL, 'infinity', 'infinity', '294276-12-31', 'Infinity', NULL, NULL, NULL),
			(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
		) AS v (b, i2, i4, i8, f, d, z, w, n, tenant_id, "a name", ip);`)
	if err != nil {
		t.Fatal(err)
	}
	var did export.View
	folder := t.TempDir()
	pass(t, url, export.Options{To: folder, Views: []string{"types"}}, &did)
	if did.Rows != 6 || did.Written != 1 || did.Nulled != 9 {
		t.Errorf("it says %+v", did)
	}
	file := filepath.Join(folder, "types/all.parquet")
	info := open(t, file)
	const want = `message types {
	optional boolean b;
	optional int32 i2 (INT(32,true));
	optional int32 i4 (INT(32,true));
	optional int64 i8 (INT(64,true));
	optional double f;
	optional int32 d (DATE);
	optional int64 z (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	optional int64 w (TIMESTAMP(isAdjustedToUTC=false,unit=MICROS));
	optional fixed_len_byte_array(16) n (DECIMAL(38,9));
	optional binary tenant_id (STRING);
	optional binary a name (STRING);
	optional binary ip (STRING);
}`
	if diff := cmp.Diff(want, info.Schema().String()); diff != "" {
		t.Error("the schema is (+)\n", diff)
	}
	wantRows := [][]any{
		{true, int32(1), int32(2), int64(3), 0.1, int32(20458), int64(1767603600123456), int64(1767607200000000),
			"12.345000000", "5b0f3b5c-95d7-4b7e-8c4b-3a0f9f2f0001", "ä", "10.0.0.1/32"},
		{false, int32(-32768), int32(math.MinInt32), int64(math.MinInt64), math.Inf(-1), int32(-719162), int64(-1),
			int64(-86400000000), "-99999999999999999999999999999.123456789", nil, "", nil},
		{nil, int32(32767), int32(math.MaxInt32), int64(math.MaxInt64), "NaN", int32(2932896),
			int64(253402214400000000), int64(253402214400000000), nil, nil, nil, nil},
		make([]any, 12), make([]any, 12), make([]any, 12),
	}
	if diff := cmp.Diff(wantRows, values(t, file)); diff != "" {
		t.Error("it holds (+)\n", diff)
	}
}

// pass writes what is due, once.
func pass(t testing.TB, url string, o export.Options, did *export.View) {
	t.Helper()
	p, err := export.NewParquet(t.Context(), storetest.Connect(t, url), o, func(v export.View) {
		if did != nil {
			*did = v
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, name string) *parquet.File {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return file
}
