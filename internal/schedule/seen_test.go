package schedule

import "testing"

// TestSeenIsBounded reads a window of many pages: the rows of the last ones are remembered, and no others.
func TestSeenIsBounded(t *testing.T) {
	t.Parallel()
	const rows, pages = 1000, 2 * seenRows / 1000
	s := newSeen()
	for page := range uint64(pages) {
		for row := range uint64(rows) {
			if before, _ := s.add(page*rows+row, 1); before {
				t.Fatalf("page %d: a new row counts as met", page)
			}
		}
		s.nextPage()
		if n := len(s.met); n > seenRows {
			t.Fatalf("page %d: %d rows are remembered", page, n)
		}
	}
	const oldest = pages*rows - seenRows // of those that are remembered
	for key, want := range map[uint64]bool{oldest - 1: false, oldest: true, pages*rows - 1: true} {
		if before, differs := s.add(key, 2); before != want || differs != want {
			t.Errorf("row %d: met %v, with other content %v; want %v", key, before, differs, want)
		}
	}
}
