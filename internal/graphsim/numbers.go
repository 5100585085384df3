package graphsim

import "fmt"

// A Number is a telephone number that the company has, with the user who has
// it, if anybody.
type Number struct{ Number, UserID string }

// unusedNumbers are how many numbers of Berlin nobody has.
const unusedNumbers = 5

// Numbers are those that the company's administrator has a list of. Some are in
// no log.
func (s *Server) Numbers() (list []Number) {
	c := s.records.traffic.company
	taken := make(map[string]bool)
	add := func(number, user string) {
		if !taken[number] {
			taken[number] = true
			list = append(list, Number{number, user})
		}
	}
	for _, u := range append(append(c.tickets[:len(c.tickets):len(c.tickets)], c.stories.campaigners...),
		c.stories.unreachable) {
		add(u.number, u.id)
	}
	for line := uint32(0); len(list) < len(taken)+unusedNumbers; line++ {
		n := number{country: germany, line: line}
		if text := string(n.appendTo(nil, 0)); !taken[text] {
			list = append(list, Number{Number: text})
		}
	}
	return list
}

// A Subnet is a part of the company's private network.
type Subnet struct{ Network, City, Country string }

// Subnets are those of its sites.
func (s *Server) Subnets() (list []Subnet) {
	for _, at := range append(sites[:len(sites):len(sites)], amsterdam) {
		list = append(list, Subnet{fmt.Sprintf("10.%d.0.0/16", at.network), at.city, at.country.code})
	}
	return list
}
