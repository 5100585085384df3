package schedule

// A seen remembers the keys of the last pages of a reading and their contents,
// both by their hashes.
type seen struct {
	met   map[uint64]sight
	again map[uint64]int64 // contents of keys of the present page that stood on an earlier one
	pages [][]uint64       // keys that were new on each page, oldest page first; the last is being read
	page  int32            // number of the page being read
	sum   uint64           // of the keys that were new on it
}

// A sight is what a key was last met with, and on which page.
type sight struct {
	content int64
	page    int32
}

func newSeen() seen {
	return seen{met: map[uint64]sight{}, again: map[uint64]int64{}, pages: [][]uint64{nil}}
}

// add notes an element of the present page. before reports whether its key stood
// on an earlier page, and differs whether it had other content there.
func (s *seen) add(key uint64, content int64) (before, differs bool) {
	known, met := s.met[key]
	if met && known.page < s.page {
		s.again[key] = content
		return true, known.content != content
	}
	if !met {
		last := len(s.pages) - 1
		s.pages[last] = append(s.pages[last], key)
		s.sum += key
	}
	s.met[key] = sight{content, s.page}
	return false, false
}

// nextPage ends the present page and returns the sum of the keys that stood on
// no earlier one. The oldest pages are forgotten.
func (s *seen) nextPage() (sum uint64) {
	for key, content := range s.again {
		s.met[key] = sight{content, s.page}
	}
	clear(s.again)
	for len(s.met) > seenRows && len(s.pages) > 1 {
		for _, key := range s.pages[0] {
			delete(s.met, key)
		}
		s.pages = s.pages[1:]
	}
	sum, s.sum = s.sum, 0
	s.pages = append(s.pages, nil)
	s.page++
	return sum
}
