package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/prometheus/client_golang/prometheus"

	"ingestd/internal/config"
)

// A browser is Chromium without a window. Its tabs are closed with their tests.
type browser struct{ ctx context.Context }

// newBrowser starts Chromium, or skips the test where there is none.
func newBrowser(t *testing.T) browser {
	t.Helper()
	path := ""
	for _, name := range []string{"google-chrome", "chromium-browser", "chromium"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
		}
	}
	if path == "" {
		skipUnlessCI(t, "there is no Chromium; make tools installs it")
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
	return browser{ctx}
}

func skipUnlessCI(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// A tab shows one page.
type tab struct {
	*testing.T
	ctx context.Context
}

// open shows an address in a tab of its own.
func (b browser) open(t *testing.T, url string, width, height int64, scheme string) tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	page := tab{t, ctx}
	page.resize(width, height, scheme)
	page.do(chromedp.Navigate(url))
	return page
}

func (p tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.Fatal(err)
	}
}

// resize sets the size of the window and the colour scheme.
func (p tab) resize(width, height int64, scheme string) {
	p.Helper()
	p.do(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return err
	}))
}

// eval is the value of an expression, which may be a promise of it.
func eval[T any](p tab, expression string) T {
	p.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v", expression[:min(len(expression), 80)], err)
	}
	return value
}

// wait waits until an expression is true.
func (p tab) wait(expression string) {
	p.Helper()
	for end := time.Now().Add(time.Minute); !eval[bool](p, expression); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			p.Fatalf("never true: %s", expression)
		}
	}
}

// A stage is a server whose source can be changed.
type stage struct {
	*httptest.Server
	source atomic.Pointer[Source]
}

func (s *stage) show(source Source) { s.source.Store(&source) }

func newStage(t *testing.T, source Source) *stage {
	st := &stage{}
	st.show(source)
	st.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		newHandler(config.Server{Listen: "127.0.0.1:8080"}, *st.source.Load(), prometheus.NewRegistry()).ServeHTTP(w, r)
	}))
	t.Cleanup(st.Close)
	return st
}

func TestBrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	t.Run("looks", func(t *testing.T) { testLooks(t, b) })
	t.Run("keyboard", func(t *testing.T) { testKeyboard(t, b) })
	t.Run("refresh", func(t *testing.T) { testRefresh(t, b) })
}

// testLooks looks at every kind of page in both schemes at five widths.
func testLooks(t *testing.T, b browser) {
	for name, view := range map[string]struct {
		source Source
		path   string
	}{
		"trouble": {trouble(), "/"}, "healthy": {healthy(), "/"}, "first": {first(), "/"}, "down": {unanswered(), "/"},
		"many": {many(), "/"}, "tenant": {trouble(), "/t/contoso"}, "daemon": {daemon(t), "/t/simulated"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newStage(t, view.source)
			p := b.open(t, server.URL+view.path, 1280, 800, "light")
			for _, width := range []int64{400, 700, 1100, 1280, 1600} {
				p.resize(width, 800, "light")
				if wide := eval[[]string](p, sideways); len(wide) > 0 {
					t.Errorf("at %d px these reach beyond the window: %v", width, wide)
				}
			}
			p.resize(1280, 800, "light")
			if name == "many" {
				return // what there is of it is in the others
			}
			p.wait(`document.querySelectorAll(".strip rect").length > 5`)
			if view.path == "/" {
				bottom := eval[float64](p, `document.querySelector(".legend").getBoundingClientRect().bottom`)
				if bottom > 800 {
					t.Errorf("the legend ends at %.0f px of 800", bottom)
				}
			}
			if name == "healthy" || name == "first" {
				return // they have nothing that trouble has not
			}
			checkAccess(p)
		})
	}
}

// sideways are elements that reach beyond the window, but for what may scroll,
// and the board if it does not fill it.
const sideways = `[...document.querySelectorAll("body *")]
	.filter((e) => !e.closest(".scroll, .hidden, .skip") && e.getBoundingClientRect().right > innerWidth + 1)
	.map((e) => e.tagName + "." + e.getAttribute("class")).slice(0, 5)
	.concat(document.documentElement.scrollWidth > innerWidth ? ["the page itself"] : [])
	.concat([...document.querySelectorAll(".board td.run")]
		.filter((e) => e.getBoundingClientRect().right < e.closest("main").getBoundingClientRect().right - 2)
		.map((e) => "short of it: td." + e.className).slice(0, 1))`

// checkAccess lets axe look at a page, narrow and wide, light and dark.
func checkAccess(p tab) {
	p.Helper()
	found, _ := filepath.Glob("../../.tools/axe-core-*.js")
	if len(found) == 0 {
		skipUnlessCI(p.T, "there is no axe-core; make tools installs it")
	}
	source, err := os.ReadFile(found[0])
	if err != nil {
		p.Fatal(err)
	}
	eval[bool](p, string(source)+"; true")
	for scheme, width := range map[string]int64{"light": 400, "dark": 1280} {
		p.resize(width, 800, scheme)
		const violations = `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) =>
			v.id + ": " + v.help + " (" + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(", ") + ")"))`
		for _, violation := range eval[[]string](p, violations) {
			p.Errorf("%s at %d px: %s", scheme, width, violation)
		}
	}
}

// testKeyboard goes through the page with the tabulator: each stop can be seen,
// and the order is that of the page.
func testKeyboard(t *testing.T, b browser) {
	p := b.open(t, newStage(t, trouble()).URL, 1280, 800, "light")
	stops := eval[int](p, `[...document.querySelectorAll("a, summary, [tabindex='0']")].length`)
	var seen []string
	for last := -1.0; len(seen) < stops; {
		p.do(chromedp.KeyEvent(kb.Tab))
		type stop struct {
			Name    string
			Top     float64
			Outline string
		}
		s := eval[stop](p, `(() => { const e = document.activeElement, r = e.getBoundingClientRect();
			return {Name: e.textContent.trim().slice(0, 20), Top: r.top + scrollY,
				Outline: getComputedStyle(e).outlineStyle}; })()`)
		seen = append(seen, s.Name)
		if s.Outline == "none" || s.Top < last-30 {
			t.Errorf("%q at %.0f px after %.0f px, outline %s", s.Name, s.Top, last, s.Outline)
		}
		last = max(last, s.Top)
	}
	const first = "Skip to the verdict|ingestd|Status|Problems (4)|Runs|JSON|Metrics|pause"
	if got := strings.Join(seen[:8], "|"); got != first {
		t.Errorf("the first stops are %s", got)
	}
}

// testRefresh sees the page change under its reader without losing the place.
func testRefresh(t *testing.T, b browser) {
	server := newStage(t, trouble())
	p := b.open(t, server.URL, 1280, 800, "light")
	const look = `document.dispatchEvent(new Event("visibilitychange")), true`
	shows := func(heading string) string {
		return fmt.Sprintf(`document.querySelector("h1").textContent.includes(%q)`, heading)
	}

	eval[bool](p, `document.querySelector(".pause").focus(), document.getElementById("words").open = true`)
	server.show(healthy())
	eval[bool](p, look)
	p.wait(shows("Everything is safe"))
	if !eval[bool](p, `document.activeElement.className == "pause" && document.getElementById("words").open`) {
		t.Error("a refresh took the focus, or closed what was open")
	}
	if title := eval[string](p, `document.title`); !strings.HasPrefix(title, "Everything is safe") {
		t.Errorf("the title is %q", title)
	}

	// While the focus is in what would be replaced, or text is selected, it waits.
	server.show(trouble())
	for _, hold := range []string{
		`document.querySelector("summary").focus(), true`,
		`document.activeElement.blur(), getSelection().selectAllChildren(document.querySelector("h1")), true`,
	} {
		eval[bool](p, hold)
		eval[bool](p, look)
		eval[bool](p, `fetch("/healthz").then(() => true)`) // it would have come first
		if !eval[bool](p, shows("Everything is safe")) {
			t.Errorf("the page changed after: %s", hold)
		}
	}
	eval[bool](p, `getSelection().removeAllRanges(), true`)
	eval[bool](p, look)
	p.wait(shows("begin to expire"))

	// A server that is gone is said, with the time.
	server.Close()
	eval[bool](p, look)
	p.wait(`document.getElementById("touch").textContent.includes("no answer since")`)
}

// TestPicturesAreFresh holds the pictures of the README to the page: they are
// taken anew with -update when it changes.
func TestPicturesAreFresh(t *testing.T) {
	sum := sumOfPage(t, trouble())
	const folder = "../../docs/images"
	noted, _ := os.ReadFile(filepath.Join(folder, "status.sum"))
	if !*update {
		if strings.TrimSpace(string(noted)) != sum {
			t.Error("the page is not that of docs/images: go test ./internal/web -run Pictures -update")
		}
		return
	}
	b := newBrowser(t)
	server := newStage(t, trouble())
	if err := os.WriteFile(filepath.Join(folder, "status.sum"), []byte(sum+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"light", "dark"} {
		p := b.open(t, server.URL, 1280, 800, scheme)
		p.do(chromedp.EmulateViewport(1280, 800, chromedp.EmulateScale(2)))
		picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "status-"+scheme+".png"), smaller(t, picture), 0o644); err != nil {
			t.Fatal(err)
		}
	}
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
