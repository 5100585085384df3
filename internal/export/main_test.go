package export_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"ingestd/internal/store/storetest"
)

// TestMain draws fewer histories than rapid would by itself, unless the command
// line says how many: each works on a database and on files.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", strconv.Itoa(storetest.Times(2, 60))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
