package schedule

// A seen remembers the keys of the last pages of a reading and their contents,
// both by their hashes.
type seen struct {
	contents map[uint64]int64 // by key
	pages    [][]uint64       // keys, oldest page first; the last is being read
	fresh    map[uint64]int64 // of the page being read
}

func newSeen() seen {
	return seen{contents: map[uint64]int64{}, pages: [][]uint64{nil}, fresh: map[uint64]int64{}}
}

// add notes an element of the present page. before reports whether its key stood
// on an earlier page, and differs whether it had other content there.
func (s *seen) add(key uint64, content int64) (before, differs bool) {
	last := len(s.pages) - 1
	s.pages[last] = append(s.pages[last], key)
	s.fresh[key] = content
	known, before := s.contents[key]
	return before, before && known != content
}

// nextPage ends the present page and returns the sum of the keys that stood on
// no earlier one. The oldest pages are forgotten.
func (s *seen) nextPage() (sum uint64) {
	for key, content := range s.fresh {
		if _, before := s.contents[key]; !before {
			sum += key
		}
		s.contents[key] = content
	}
	clear(s.fresh)
	for len(s.contents) > seenRows && len(s.pages) > 1 {
		for _, key := range s.pages[0] {
			delete(s.contents, key)
		}
		s.pages = s.pages[1:]
	}
	s.pages = append(s.pages, nil)
	return sum
}
