package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ingestd/deploy/grafana/boards"
	"ingestd/deploy/grafana/preview"
	"ingestd/internal/browsertest"
	"ingestd/internal/golden"
	"ingestd/internal/graphsim"
)

// pictured are the boards that have a picture, with how much of it is shown.
var pictured = map[string]int64{"quality": 1080, "direct-routing": 850}

const images = "../../docs/images"

// TestBoardPictures holds the pictures of the boards to these: they are taken
// anew with -update, of a company's data, by a page that is no Grafana.
func TestBoardPictures(t *testing.T) {
	t.Parallel()
	golden.Check(t, filepath.Join(images, "boards.sum"), sumOfBoards(t)+"\n")
	if !golden.Updating() {
		return
	}
	a, b := companyOf(t, graphsim.Config{CallsPerDay: 2000}), browsertest.New(t)
	for name, height := range pictured {
		page := drawn(t, a, boards.All()[name])
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(page)
		}))
		t.Cleanup(server.Close)
		tab := b.Open(t, server.URL, 1280, height, "light")
		tab.Wait(`document.body.dataset.drawn == "true"`)
		golden.Write(t, filepath.Join(images, "board-"+name+".png"), tab.Picture(1280, height))
	}
}

// drawn is the page that shows a board.
func drawn(t *testing.T, a *app, b boards.Board) []byte {
	t.Helper()
	var uplot [2]string
	for i, kind := range []string{"js", "css"} {
		found, _ := filepath.Glob("../../.tools/uplot-*." + kind)
		if len(found) == 0 {
			t.Fatal("there is no uPlot; run: .ci/install uplot")
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		uplot[i] = string(text)
	}
	var page bytes.Buffer
	choice := twoWeeks(a)
	choice.Bucket = "day"
	if err := preview.Write(&page, b, choice, answersOf(t, a, b, choice), uplot[0], uplot[1]); err != nil {
		t.Fatal(err)
	}
	return page.Bytes()
}

// sumOfBoards is one over what the pictures show but the data.
func sumOfBoards(t *testing.T) string {
	t.Helper()
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(pictured)) {
		if err := preview.Write(sum, boards.All()[name], boards.Choice{}, nil, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
