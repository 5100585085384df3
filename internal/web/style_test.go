package web

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// TestContrast computes the contrast of each colour of the style to each ground
// it stands on, in both schemes.
func TestContrast(t *testing.T) {
	t.Parallel()
	style, err := files.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllSubmatch(style, -1)
	light := coloursIn(string(blocks[0][1]))
	dark := coloursIn(string(blocks[1][1]))
	grounds := []string{"ground", "panel", "band", "ok-ground", "busy-ground", "warn-ground", "bad-ground"}
	texts := []string{"ink", "ink-2", "ink-3", "ok-ink", "busy-ink", "warn-ink", "bad-ink"}
	graphics := []string{"ok", "busy", "off", "ok-ink", "busy-ink", "warn-ink", "bad-ink", "ink"}
	for scheme, colours := range map[string]map[string]float64{"light": light, "dark": dark} {
		for _, ground := range grounds {
			for _, text := range texts {
				atLeast(t, scheme, colours, text, ground, 4.6)
			}
		}
		for _, graphic := range graphics {
			for _, ground := range []string{"ground", "panel"} {
				atLeast(t, scheme, colours, graphic, ground, 3)
			}
		}
	}
	// In grey, what is stored and what is not are apart still.
	if ratio := contrast(light["ok"], light["band"]); ratio < 3 {
		t.Errorf("stored and not wanted: %.2f", ratio)
	}
}

func atLeast(t *testing.T, scheme string, colours map[string]float64, on, ground string, least float64) {
	t.Helper()
	for _, name := range []string{on, ground} {
		if _, ok := colours[name]; !ok {
			t.Fatalf("the %s scheme has no --%s", scheme, name)
		}
	}
	if ratio := contrast(colours[on], colours[ground]); ratio < least {
		t.Errorf("%s: --%s on --%s has a contrast of %.2f, want %.1f", scheme, on, ground, ratio, least)
	}
}

// coloursIn are the luminances of a block's colours, by name.
func coloursIn(block string) map[string]float64 {
	colours := map[string]float64{}
	for _, found := range regexp.MustCompile(`--([a-z0-9-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
		colours[found[1]] = luminance(found[2])
	}
	return colours
}

// luminance is that of WCAG 2, of a colour in hexadecimal.
func luminance(colour string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		value, _ := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
		part := float64(value) / 255
		if part <= 0.04045 {
			part /= 12.92
		} else {
			part = math.Pow((part+0.055)/1.055, 2.4)
		}
		sum += weight * part
	}
	return sum
}

func contrast(a, b float64) float64 {
	both := []float64{a, b}
	slices.Sort(both)
	return (both[1] + 0.05) / (both[0] + 0.05)
}
