package migrations_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"ingestd/internal/store/storetest"
)

// TestMain draws fewer rows than rapid would by itself, unless the command line says
// how many: each works on the database.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", strconv.Itoa(storetest.Times(40, 400))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
