package graphsim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Lists are what the administrators of the company keep lists of.
type Lists struct {
	Numbers  []Number
	Subnets  []Subnet
	Licences []Licence
}

// A Number is a telephone number that the company has, with the user who has
// it, if anybody.
type Number struct{ Number, UserID string }

// A Subnet is a part of the company's private network.
type Subnet struct{ Network, City, Country string }

// A Licence is so often given to users of a country, with minutes to call
// inside of it each month.
type Licence struct {
	Code, Country  string
	Users, Minutes int
}

// unusedNumbers are how many numbers of Berlin nobody has.
const unusedNumbers = 5

// Lists returns the company's lists. Some of its numbers are in no log.
func (s *Server) Lists() Lists {
	c := s.records.traffic.company
	people := make(map[string]*user)
	for _, u := range append(append(c.tickets[:len(c.tickets):len(c.tickets)], c.stories.campaigners...),
		c.stories.unreachable) {
		people[u.id] = u
	}
	var users []*user
	for _, id := range slices.Sorted(maps.Keys(people)) {
		users = append(users, people[id])
	}
	return Lists{numbersOf(users), subnets(), licencesOf(users)}
}

func numbersOf(users []*user) (list []Number) {
	taken := make(map[string]bool)
	for _, u := range users {
		if !taken[u.number] { // some share one
			taken[u.number] = true
			list = append(list, Number{u.number, u.id})
		}
	}
	for line, unused := uint32(0), 0; unused < unusedNumbers; line++ {
		n := number{country: germany, line: line}
		if text := string(n.appendTo(nil, 0)); !taken[text] {
			list = append(list, Number{Number: text})
			unused++
		}
	}
	return list
}

func subnets() (list []Subnet) {
	for _, at := range append(sites[:len(sites):len(sites)], amsterdam) {
		list = append(list, Subnet{fmt.Sprintf("10.%d.0.0/16", at.network), at.name(), at.country.code})
	}
	return list
}

// licencesOf counts the domestic plan, whose minutes are good for 3,000 in the
// United States and 1,200 elsewhere.
func licencesOf(users []*user) (list []Licence) {
	counts := make(map[string]int)
	for _, u := range users {
		if u.licence == licences[0] {
			counts[u.site.country.code]++
		}
	}
	for country, n := range counts {
		l := Licence{licences[0].code, country, n, 1200}
		if country == unitedStates.code {
			l.Minutes = 3000
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b Licence) int { return cmp.Compare(a.Country, b.Country) })
	return list
}
