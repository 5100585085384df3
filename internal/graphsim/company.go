package graphsim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// site is where people of the company work. Its clock knows no summer time:
// one hour does not matter here, a time zone database would.
type site struct {
	country  *country
	currency *currency
	clock    int64 // hours ahead of UTC
	share    int   // of the people
	network  int64 // second part of its private addresses
	operator string
	service  string // number of the meeting bridge and the auto attendant
	city     string // in the names of its trunks
	centre   string // Azure's data centre next to it
	given    string // names, each with its plain spelling
	family   string
}

// home is where the tenant is registered.
var home = unitedStates

// london has stories of its own.
var london = &site{unitedKingdom, pound, 0, 3, 103, "Microsoft", "+442079460999", "london", "EUWE",
	"Amelia/amelia Harry/harry Siân/sian Callum/callum Isla/isla Rhys/rhys Freya/freya Dev/dev",
	"Ashworth/ashworth Llewellyn/llewellyn Fairfax/fairfax MacLeod/macleod Pemberton/pemberton Khan/khan " +
		"Hughes/hughes Ó'Dálaigh/odalaigh"}

var sites = []*site{
	{unitedStates, dollar, -5, 3, 101, "Microsoft", "+12125550199", "newyork", "USEA",
		"Olivia/olivia Noah/noah Grace/grace Ethan/ethan Ava/ava Marcus/marcus Ruth/ruth José/jose",
		"Carter/carter Bennett/bennett O'Neil/oneil Foster/foster Nguyen/nguyen Hayes/hayes " +
			"Ramírez/ramirez Brooks/brooks"},
	{unitedStates, dollar, -8, 2, 102, "Microsoft", "+12065550199", "seattle", "USWE",
		"Mia/mia Lucas/lucas Zoë/zoe Owen/owen Chloe/chloe Diego/diego Priya/priya Henry/henry",
		"Sullivan/sullivan Reyes/reyes Chen/chen Whitaker/whitaker Patel/patel Morgan/morgan Núñez/nunez Price/price"},
	london,
	{germany, euro, 1, 3, 104, "Beispiel Telefon GmbH", "+493023125999", "berlin", "EUNO",
		"Jürgen/juergen Anna/anna Björn/bjoern Käthe/kaethe Lukas/lukas Sophie/sophie Götz/goetz Mareike/mareike",
		"Müller/mueller Schäfer/schaefer Weiß/weiss Vogel/vogel Köhler/koehler Krüger/krueger Brandt/brandt " +
			"Özdemir/oezdemir"},
	{france, euro, 1, 2, 105, "Microsoft", "+33199009999", "paris", "EUWE",
		"Chloé/chloe François/francois Zoé/zoe Étienne/etienne Maëlle/maelle Loïc/loic Agnès/agnes Hugo/hugo",
		"Lefèvre/lefevre Dubois/dubois Gérard/gerard Bélanger/belanger Noël/noel Garçon/garcon Marchand/marchand " +
			"L'Hôte/lhote"},
	{sweden, krona, 1, 2, 106, "Exempel Telekom AB", "+46846500499", "stockholm", "EUNO",
		"Åsa/asa Björn/bjorn Märta/marta Göran/goran Linnéa/linnea Örjan/orjan Ebba/ebba Nils/nils",
		"Öberg/oberg Sjöström/sjostrom Åkesson/akesson Lindqvist/lindqvist Hägg/hagg Nyström/nystrom " +
			"Ek/ek Fälth/falth"},
	{japan, yen, 9, 2, 107, "Microsoft", "+81300009999", "tokyo", "JPEA",
		"陽子/yoko 健太/kenta さくら/sakura 大輔/daisuke 美咲/misaki 翔/sho 直美/naomi 誠/makoto",
		"佐藤/sato 鈴木/suzuki 高橋/takahashi 田中/tanaka 渡辺/watanabe 伊藤/ito 山本/yamamoto 中村/nakamura"},
}

// name is how people write it.
func (s *site) name() string {
	if s.city == "newyork" {
		return "New York"
	}
	return strings.ToUpper(s.city[:1]) + s.city[1:]
}

// licence is what entitles a user to call.
type licence struct {
	code          string
	weight        int
	domestic      bool // calls inside the country are included
	international bool // calls abroad are
}

var licences = []licence{
	{"MCOPSTN1", 40, true, false},
	{"MCOPSTN2", 20, true, true},
	{"MCOPSTN5", 8, true, false},
	{"MCOPSTN6", 4, true, false},
	{"MCOPSTNU", 8, true, false},
	{"MCOPSTNPP", 14, false, false},
}

// operatorLicence is what users of an operator have, who bills them himself.
var operatorLicence = licence{"MCOEV", 0, true, true}

// company is who calls, since when and how much.
type company struct {
	seed    uint64
	first   int64 // day: nothing is older
	today   int64 // day of Start
	perDay  int   // PSTN calls of a working day
	tickets []*user
	stories stories
}

func newCompany(cfg Config) *company {
	c := &company{seed: uint64(cfg.Seed), perDay: max(cfg.CallsPerDay, 0), tickets: hire(cfg.Seed, cfg.Users)}
	c.today, _ = floorDiv(ticks(cfg.Now()), day)
	c.first = c.today - int64(cfg.History/(24*time.Hour))
	c.stories = newStories(c)
	return c
}

// volume is the number of rows generated for a day, known without generating
// them. Working days differ a little, weekends are nearly empty.
func (c *company) volume(d int64, perDay int) int {
	switch {
	case d < c.first:
		return 0
	case weekend(d):
		return perDay / 25
	}
	percent := 92 + rand.New(rand.NewPCG(c.seed, ^uint64(d))).IntN(17)
	return perDay * percent / 100
}

// randomness is one for each log and day.
func (c *company) randomness(log string, d int64) rand.Source {
	return rand.NewPCG(c.seed^xxhash.Sum64String(log), uint64(d))
}

// floors are how many a site has.
const floors = 4

// user is a person who calls.
type user struct {
	site     *site
	licence  licence
	number   string
	operator string
	id       string
	floor    string // the subnet of the desk, without its last part
	upn      string
	display  string // as JSON
	names    []byte // the members that name the user, but for the id
	json     []byte // with it
	units    []byte // members of the beta version
	client   []byte
}

// hire returns every user as often as they call compared with others.
func hire(seed int64, people int) (tickets []*user) {
	rng := rand.New(rand.NewPCG(uint64(seed), 0x636f6d70616e79))
	var desks []*site
	for _, s := range sites {
		for range s.share {
			desks = append(desks, s)
		}
	}
	for i := range people {
		u := newUser(rng, i, desks[rng.IntN(len(desks))])
		weight := 1 + rng.IntN(4)
		if rng.IntN(25) == 0 {
			weight = 30 // the service desk, the sales people
		}
		for range weight {
			tickets = append(tickets, u)
		}
	}
	return tickets
}

func newUser(rng *rand.Rand, i int, s *site) *user {
	u := &user{site: s, licence: pickLicence(rng), operator: "Microsoft"}
	if s.operator != u.operator && rng.IntN(2) == 0 {
		u.licence, u.operator = operatorLicence, s.operator
	}
	line := number{
		country: s.country,
		stem:    uint8(i % len(s.country.stems)),
		line:    uint32(rng.IntN(pow10(s.country.digits))),
	}
	u.number = string(line.appendTo(nil, 0))
	given, plainGiven := pickName(rng, s.given)
	family, plainFamily := pickName(rng, s.family)
	display := given + " " + family
	if s.country == japan {
		display = family + " " + given
	}
	u.id = newGUID(rng).String()
	u.floor = fmt.Sprintf("10.%d.%d.", s.network, xxhash.Sum64String(u.id)>>8%floors)
	u.upn, u.display = fmt.Sprintf("%s.%s%03d@contoso.example", plainGiven, plainFamily, i+1), string(quote(display))
	u.names = fmt.Appendf(nil, `"userPrincipalName":"%s","userDisplayName":%s`, u.upn, u.display)
	u.json = fmt.Appendf(nil, `"userId":"%s",%s`, u.id, u.names)
	u.units = fmt.Appendf(nil, `"administrativeUnitInfos":[{"id":"5e0a1d00-0000-4000-8000-%012d"}]`, s.clock+100)
	u.client = fmt.Appendf(nil, `"clientLocalIpV4Address":"%s%d","clientLocalIpV6Address":null,`+
		`"clientPublicIpV4Address":"203.0.113.%d","clientPublicIpV6Address":"2001:db8::%x"`,
		u.floor, i%250+1, s.network, i+1)
	return u
}

func pickLicence(rng *rand.Rand) licence {
	sum := 0
	for _, l := range licences {
		sum += l.weight
	}
	n := rng.IntN(sum)
	for _, l := range licences {
		if n -= l.weight; n < 0 {
			return l
		}
	}
	panic("unreachable: n is below the sum of the weights")
}

func pickName(rng *rand.Rand, names string) (spelling, plain string) {
	list := strings.Fields(names)
	spelling, plain, _ = strings.Cut(list[rng.IntN(len(list))], "/")
	return spelling, plain
}

func quote(text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return quoted
}
