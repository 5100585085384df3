package store_test

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"ingestd/internal/store/storetest"
)

// TestMain draws fewer histories than rapid would by itself, unless the command
// line says how many: each works on the database.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", strconv.Itoa(storetest.Times(25, 100))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
