package fetch

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/mapping"
)

// Keys that are hashes stay what they are: a change of a hashed column, of its
// type or of their order would store every row a second time.
func TestHashedKeysStay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		endpoint Endpoint
		keys     []string
	}{
		{smsMessages, []string{
			"4e2bab2c-9e77-4b20-8f3e-7c3d8f40be01", "13e0c46aba2a5ca0b956113ff7fea208",
			"18082f1702735674524e418646fc5d96",
			"1469752adb31fe879d4603afa196cf3a", "4e2bab2c-9e77-4b20-8f3e-7c3d8f40be02"}},
		{pstnBlockedUsersLog, []string{
			"3cfa70608078592ba752886919d11d9d", "9c6d53ee28a0c5db164815facf3cab3c",
			"465adc3ab633fd298dbe9fec0efc8582", "510e3d14409cb4f9bc851f796a97932f"}},
	}
	for _, tt := range tests {
		t.Run(tt.endpoint.Name, func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(filepath.Join("../../testdata", tt.endpoint.Name, "beta.json"))
			if err != nil {
				t.Fatal(err)
			}
			var doc mapping.Document
			elements, _, err := readPage(&doc, content)
			if err != nil {
				t.Fatal(err)
			}
			batch := tt.endpoint.Rows.NewBatch()
			for element := range elements.Elements() {
				batch.Append(element, time.Unix(0, 0))
			}
			var keys []string
			for _, e := range batch.Elements {
				for field := range mapping.Fields([]byte(e.Key)) {
					keys = append(keys, string(field))
				}
			}
			if diff := cmp.Diff(tt.keys, keys); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}
