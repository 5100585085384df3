package migrations_test

import (
	"testing"

	"ingestd/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, 40, 400) }
