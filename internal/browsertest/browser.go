// Package browsertest shows pages to a real browser, and takes pictures of them.
package browsertest

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A Browser is Chromium without a window. Its tabs are closed with their tests.
type Browser struct{ ctx context.Context }

// New starts Chromium, or skips the test where there is none.
func New(t *testing.T) Browser {
	t.Helper()
	path := ""
	for _, name := range []string{"google-chrome", "chromium-browser", "chromium"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
		}
	}
	if path == "" {
		SkipUnlessCI(t, "there is no Chromium; make tools installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.Flag("hide-scrollbars", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return Browser{ctx}
}

// SkipUnlessCI skips a test, but not where everything has to be there.
func SkipUnlessCI(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// A Tab shows one page.
type Tab struct {
	*testing.T
	ctx context.Context
}

// Open shows an address in a tab of its own.
func (b Browser) Open(t *testing.T, url string, width, height int64, scheme string) Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	page := Tab{t, ctx}
	page.Resize(width, height, scheme)
	page.Do(chromedp.Navigate(url))
	return page
}

// Do takes steps one after the other.
func (p Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.Fatal(err)
	}
}

// Resize sets the size of the window and the colour scheme.
func (p Tab) Resize(width, height int64, scheme string) {
	p.Helper()
	p.Do(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return err
	}))
}

// Eval is the value of an expression, which may be a promise of it.
func Eval[T any](p Tab, expression string) T {
	p.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v", expression[:min(len(expression), 80)], err)
	}
	return value
}

// Wait waits until an expression is true.
func (p Tab) Wait(expression string) {
	p.Helper()
	for end := time.Now().Add(time.Minute); !Eval[bool](p, expression); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			p.Fatalf("never true: %s", expression)
		}
	}
}

// Picture is what the window shows, at twice the resolution, as PNG.
func (p Tab) Picture(width, height int64) []byte {
	p.Helper()
	p.Do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2)))
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.Fatal(err)
	}
	return smaller(p.T, picture)
}

// smaller is a picture in its 256 most frequent colours, which nobody can tell
// from all of them.
func smaller(t *testing.T, picture []byte) []byte {
	t.Helper()
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.RGBA]int{}
	for y := range decoded.Bounds().Dy() {
		for x := range decoded.Bounds().Dx() {
			count[color.RGBAModel.Convert(decoded.At(x, y)).(color.RGBA)]++
		}
	}
	frequent := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], int(b.R)-int(a.R), int(b.G)-int(a.G), int(b.B)-int(a.B))
	})
	var palette color.Palette
	for _, c := range frequent[:min(len(frequent), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for c := range count {
		nearest[c] = uint8(palette.Index(c))
	}
	small := image.NewPaletted(decoded.Bounds(), palette)
	for y := range decoded.Bounds().Dy() {
		for x := range decoded.Bounds().Dx() {
			small.SetColorIndex(x, y, nearest[color.RGBAModel.Convert(decoded.At(x, y)).(color.RGBA)])
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, small); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
