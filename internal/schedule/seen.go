package schedule

// A seen remembers the keys of the last pages of a reading, by their hashes.
type seen struct {
	keys  map[uint64]bool
	pages [][]uint64 // of which keys is made, oldest first; the last is being read
}

func newSeen() seen { return seen{keys: map[uint64]bool{}, pages: [][]uint64{nil}} }

// add notes a key of the present page, and reports whether it stood on an
// earlier one.
func (s *seen) add(key uint64) (before bool) {
	last := len(s.pages) - 1
	s.pages[last] = append(s.pages[last], key)
	return s.keys[key]
}

// nextPage ends the present page and returns the sum of its distinct new keys.
// The oldest pages are forgotten.
func (s *seen) nextPage() (sum uint64) {
	for _, key := range s.pages[len(s.pages)-1] {
		if !s.keys[key] {
			s.keys[key] = true
			sum += key
		}
	}
	for len(s.keys) > seenRows && len(s.pages) > 1 {
		for _, key := range s.pages[0] {
			delete(s.keys, key)
		}
		s.pages = s.pages[1:]
	}
	s.pages = append(s.pages, nil)
	return sum
}
