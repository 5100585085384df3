package graphsim

import (
	"encoding/hex"
	"math/rand/v2"
)

// party takes part in a call.
type party struct {
	user    *user  // of the company; nil: somebody else
	key     string // of the identity set
	id      string
	tenant  string
	display string // as JSON
}

// elsewhere is another tenant, whose users are named by their ids alone.
const elsewhere = "9b7f1d52-3c64-4e0a-8f21-6d5e0c4a9b13"

// acsApp is what people call with who have an app of somebody else's.
const acsApp = "2f8e6c1a-90d4-4b37-a5e2-7c31d9f08b46"

// identityKeys of a set are all written, and one of them is an object.
var identityKeys = []string{
	"acsUser",
	"spoolUser",
	"phone",
	"guest",
	"encrypted",
	"onPremises",
	"acsApplicationInstance",
	"spoolApplicationInstance",
	"applicationInstance",
	"application",
	"device",
	"user",
}

// parties are who takes part in a call, who began it first.
func (w *crowd) parties(c *call) []party {
	first := colleague(c.organizer)
	w.seen = map[*user]bool{c.organizer: true}
	switch {
	case c.kind == phoneCall && w.rng.IntN(2) == 0:
		return []party{w.phone(c.organizer.site.country), first}
	case c.kind == phoneCall:
		return []party{first, w.phone(c.organizer.site.country)}
	case c.kind.queue():
		first = w.phone(c.organizer.site.country)
	}
	list := []party{first}
	switch {
	case c.kind.queue():
		list = append(list, resourceAccount(c.organizer.site))
	case c.wanted != nil:
		list = append(list, colleague(c.wanted))
	}
	for len(list) < c.participants {
		list = append(list, w.somebody(c))
	}
	return list
}

// crowd draws who takes part.
type crowd struct {
	rng     *rand.Rand
	tickets []*user
	seen    map[*user]bool
}

// somebody is a user who is not there yet; whoever is, stands for an outsider.
func (w *crowd) somebody(c *call) party {
	u := w.tickets[w.rng.IntN(len(w.tickets))]
	if w.seen[u] || w.rng.IntN(12) == 0 {
		return w.outsider(c)
	}
	w.seen[u] = true
	return colleague(u)
}

func colleague(u *user) party {
	return party{user: u, key: "user", id: u.id, tenant: TenantID, display: u.display}
}

func (w *crowd) outsider(c *call) party {
	switch n := w.rng.IntN(10); {
	case n < 5: // anonymous, by a link: they have no names
		var visitor [16]byte
		for i := range visitor {
			visitor[i] = byte(w.rng.Uint32())
		}
		key := "user"
		if n == 0 {
			key = "guest"
		}
		return party{key: key, id: "teamsvisitor:" + hex.EncodeToString(visitor[:]), display: "null"}
	case n < 8 || c.kind == peerToPeer:
		return party{key: "user", id: newGUID(w.rng).String(), tenant: elsewhere, display: "null"}
	case n < 9:
		return party{key: "acsUser", id: "8:acs:" + elsewhere + "_" + newGUID(w.rng).String(), display: "null"}
	}
	return w.phone(c.organizer.site.country)
}

func (w *crowd) phone(home *country) party {
	d := draw{rng: w.rng}
	return party{key: "phone", id: string(d.otherParty(home, true).appendTo(nil, home.hidden)), display: "null"}
}

// resourceAccount is in whose name a site's queue answers.
func resourceAccount(s *site) party {
	rng := rand.New(rand.NewPCG(uint64(len(s.city)), uint64(s.city[0])))
	return party{
		key:     "applicationInstance",
		id:      newGUID(rng).String(),
		tenant:  TenantID,
		display: string(quote("Service Desk " + s.name())),
	}
}

// identity writes the flat form that endpoints have.
func (p *pen) identity(of *party, kind string) {
	if kind != "" {
		p.text("@odata.type", kind)
	}
	p.text("id", of.id)
	p.raw("displayName", of.display)
	p.raw("tenantId", "null")
	if of.tenant != "" {
		p.dst = p.dst[:len(p.dst)-len("null")]
		p.quoted(of.tenant)
	}
	if of.user != nil {
		p.text("userPrincipalName", of.user.upn)
	} else {
		p.null("userPrincipalName")
	}
}

// participant writes the entity that participants_v2 and organizer_v2 hold.
func (p *pen) participant(of *party) {
	p.element(func() {
		p.text("id", of.id)
		p.object("identity", func() {
			for _, key := range identityKeys {
				if key != of.key {
					p.raw(key, "null")
					continue
				}
				kind := ""
				if key == "user" {
					kind = "#microsoft.graph.userIdentity"
				}
				p.object(key, func() { p.identity(of, kind) })
			}
		})
		if of.user != nil {
			p.comma()
			p.dst = append(p.dst, of.user.units...)
		} else {
			p.null("administrativeUnitInfos")
		}
	})
}
