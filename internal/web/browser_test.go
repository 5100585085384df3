package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/prometheus/client_golang/prometheus"

	"ingestd/internal/browsertest"
	"ingestd/internal/config"
	"ingestd/internal/golden"
	"ingestd/internal/store/storetest"
)

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

func TestToolsBrowser(t *testing.T) {
	t.Parallel()
	storetest.Tools(t)
	b := browsertest.New(t)
	t.Run("looks", func(t *testing.T) { testLooks(t, b) })
	t.Run("keyboard", func(t *testing.T) { testKeyboard(t, b) })
	t.Run("refresh", func(t *testing.T) { testRefresh(t, b) })
}

// testLooks looks at every kind of page in both schemes at five widths.
func testLooks(t *testing.T, b browsertest.Browser) {
	for name, view := range map[string]struct {
		source Source
		path   string
	}{
		"trouble": {trouble(), "/"}, "healthy": {healthy(), "/"}, "first": {first(), "/"}, "down": {unanswered(), "/"},
		"many": {many(), "/"}, "tenant": {trouble(), "/t/contoso"}, "daemon": {daemon(t), "/t/simulated"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newStage(t, view.source)
			p := b.Open(t, server.URL+view.path, 1280, 800, "light")
			for _, width := range []int64{400, 700, 1100, 1280, 1600} {
				p.Resize(width, 800, "light")
				if wide := browsertest.Eval[[]string](p, sideways); len(wide) > 0 {
					t.Errorf("at %d px these reach beyond the window: %v", width, wide)
				}
			}
			p.Resize(1280, 800, "light")
			if name == "many" {
				return // what there is of it is in the others
			}
			p.Wait(`document.querySelectorAll(".strip rect").length > 5`)
			if view.path == "/" {
				const legend = `document.querySelector(".legend").getBoundingClientRect().bottom`
				if bottom := browsertest.Eval[float64](p, legend); bottom > 800 {
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
func checkAccess(p browsertest.Tab) {
	p.Helper()
	found, _ := filepath.Glob("../../.tools/axe-core-*.js")
	if len(found) == 0 {
		browsertest.SkipUnlessCI(p.T, "there is no axe-core; make tools installs it")
	}
	source, err := os.ReadFile(found[0])
	if err != nil {
		p.Fatal(err)
	}
	browsertest.Eval[bool](p, string(source)+"; true")
	for scheme, width := range map[string]int64{"light": 400, "dark": 1280} {
		p.Resize(width, 800, scheme)
		const violations = `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) =>
			v.id + ": " + v.help + " (" + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(", ") + ")"))`
		for _, violation := range browsertest.Eval[[]string](p, violations) {
			p.Errorf("%s at %d px: %s", scheme, width, violation)
		}
	}
}

// testKeyboard goes through the page with the tabulator: each stop can be seen,
// and the order is that of the page.
func testKeyboard(t *testing.T, b browsertest.Browser) {
	p := b.Open(t, newStage(t, trouble()).URL, 1280, 800, "light")
	stops := browsertest.Eval[int](p, `[...document.querySelectorAll("a, summary, [tabindex='0']")].length`)
	var seen []string
	for last := -1.0; len(seen) < stops; {
		p.Do(chromedp.KeyEvent(kb.Tab))
		type stop struct {
			Name    string
			Top     float64
			Outline string
		}
		s := browsertest.Eval[stop](p, `(() => { const e = document.activeElement, r = e.getBoundingClientRect();
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
func testRefresh(t *testing.T, b browsertest.Browser) {
	server := newStage(t, trouble())
	p := b.Open(t, server.URL, 1280, 800, "light")
	const look = `document.dispatchEvent(new Event("visibilitychange")), true`
	shows := func(heading string) string {
		return fmt.Sprintf(`document.querySelector("h1").textContent.includes(%q)`, heading)
	}

	browsertest.Eval[bool](p, `document.querySelector(".pause").focus(), document.getElementById("words").open = true`)
	server.show(healthy())
	browsertest.Eval[bool](p, look)
	p.Wait(shows("Everything is safe"))
	const left = `document.activeElement.className == "pause" && document.getElementById("words").open`
	if !browsertest.Eval[bool](p, left) {
		t.Error("a refresh took the focus, or closed what was open")
	}
	if title := browsertest.Eval[string](p, `document.title`); !strings.HasPrefix(title, "Everything is safe") {
		t.Errorf("the title is %q", title)
	}

	// While the focus is in what would be replaced, or text is selected, it waits.
	server.show(trouble())
	for _, hold := range []string{
		`document.querySelector("summary").focus(), true`,
		`document.activeElement.blur(), getSelection().selectAllChildren(document.querySelector("h1")), true`,
	} {
		browsertest.Eval[bool](p, hold)
		browsertest.Eval[bool](p, look)
		browsertest.Eval[bool](p, `fetch("/healthz").then(() => true)`) // it would have come first
		if !browsertest.Eval[bool](p, shows("Everything is safe")) {
			t.Errorf("the page changed after: %s", hold)
		}
	}
	browsertest.Eval[bool](p, `getSelection().removeAllRanges(), true`)
	browsertest.Eval[bool](p, look)
	p.Wait(shows("begin to expire"))

	// A server that is gone is said, with the time.
	server.Close()
	browsertest.Eval[bool](p, look)
	p.Wait(`document.getElementById("touch").textContent.includes("no answer since")`)
}

// TestPicturesAreFresh holds the pictures of the README to the page: they are
// taken anew with -update when it changes.
func TestPicturesAreFresh(t *testing.T) {
	const folder = "../../docs/images"
	golden.Check(t, filepath.Join(folder, "status.sum"), sumOfPage(t, trouble())+"\n")
	if !golden.Updating() {
		return
	}
	b := browsertest.New(t)
	server := newStage(t, trouble())
	for _, scheme := range []string{"light", "dark"} {
		picture := b.Open(t, server.URL, 1280, 800, scheme).Picture(1280, 800)
		golden.Write(t, filepath.Join(folder, "status-"+scheme+".png"), picture)
	}
}
