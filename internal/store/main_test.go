package store_test

import (
	"testing"

	"ingestd/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, 12, 100) }
