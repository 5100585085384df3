package graphsim

// country is where a number lives. Its numbers begin with a stem set aside
// for fiction, or with digits no subscriber can have, so that nobody's phone
// is ever named.
type country struct {
	code, name string
	stems      []string
	digits     int   // that follow a stem
	hidden     uint8 // last digits the law wants obfuscated
	rate       int32 // to call it from abroad, thousandths of a dollar a minute
	connection int32 // thousandths of a dollar a call
}

// currency is what a user is charged in.
type currency struct {
	code string
	rate int64 // thousandths for a dollar: an order of magnitude, not a quote
}

var (
	dollar = &currency{"USD", 1000}
	pound  = &currency{"GBP", 790}
	euro   = &currency{"EUR", 920}
	krona  = &currency{"SEK", 10_400}
	yen    = &currency{"JPY", 150_000}
)

var (
	unitedStates = &country{
		"US",
		"United States",
		[]string{"+120655501", "+121255501", "+131255501", "+141555501", "+161755501"},
		2,
		0,
		17,
		0,
	}
	unitedKingdom = &country{"GB", "United Kingdom", []string{"+442079460", "+441632960", "+447700900"}, 3, 0, 21, 0}
	germany       = &country{
		"DE",
		"Germany",
		[]string{"+493023125", "+496990009", "+494066969", "+492214710"},
		3,
		3,
		23,
		0,
	}
	france      = &country{"FR", "France", []string{"+3319900", "+3326191", "+3335301", "+3363998"}, 4, 4, 25, 0}
	sweden      = &country{"SE", "Sweden", []string{"+468465004", "+463139006", "+467017406"}, 2, 3, 31, 0}
	japan       = &country{"JP", "Japan", []string{"+8130000", "+8160000"}, 4, 0, 62, 0}
	netherlands = &country{"NL", "Netherlands", []string{"+310205"}, 5, 3, 24, 0}
	southAfrica = &country{"ZA", "South Africa", []string{"+270115"}, 5, 0, 210, 75}
)

// destinations are the countries calls come from and go to; the homes of the
// company are among them.
var destinations = []*country{
	unitedStates, unitedKingdom, germany, france, sweden, japan,
	{"AT", "Austria", []string{"+430155"}, 5, 0, 27, 0},
	{"AU", "Australia", []string{"+6125550", "+6135550"}, 4, 0, 48, 0},
	{"BE", "Belgium", []string{"+320255"}, 5, 3, 29, 0},
	{"BR", "Brazil", []string{"+55110555"}, 4, 0, 95, 0},
	{"CA", "Canada", []string{"+141655501", "+160455501"}, 2, 0, 17, 0},
	{"CH", "Switzerland", []string{"+410445"}, 5, 4, 52, 0},
	{"DK", "Denmark", []string{"+450055"}, 4, 3, 28, 0},
	{"ES", "Spain", []string{"+340915"}, 5, 3, 24, 0},
	{"FI", "Finland", []string{"+3580955"}, 5, 3, 73, 0},
	{"IN", "India", []string{"+91022555"}, 5, 0, 84, 120},
	{"IT", "Italy", []string{"+390055"}, 5, 3, 26, 0},
	{"MX", "Mexico", []string{"+5205555"}, 5, 0, 66, 0},
	netherlands,
	{"NO", "Norway", []string{"+470022"}, 4, 3, 27, 0},
	{"PL", "Poland", []string{"+480225"}, 5, 0, 45, 0},
	{"SG", "Singapore", []string{"+650065"}, 4, 0, 38, 0},
	southAfrica,
}

// number is a phone number of the other party of a call. The label, where
// there is one, stands instead of it.
type number struct {
	country *country
	line    uint32
	stem    uint8
	label   uint8 // index into labels
}

// labels are what callers show instead of a number.
var labels = []string{"", "", "Anonymous", "Example Revenue Service"}

const noLabel = 0

func (n number) appendTo(dst []byte, hide uint8) []byte {
	if n.label != noLabel {
		return append(dst, labels[n.label]...)
	}
	dst = append(dst, n.country.stems[n.stem]...)
	dst = appendPadded(dst, uint64(n.line), n.country.digits)
	for i := range hide {
		dst[len(dst)-1-int(i)] = '*'
	}
	return dst
}
