package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheFileIsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	var printed bytes.Buffer
	if err := writeBoard(&printed); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("ingestion.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(file), printed.String()); diff != "" {
		t.Errorf("run: go run ./deploy/grafana >deploy/grafana/ingestion.json\n%s", diff)
	}
}
