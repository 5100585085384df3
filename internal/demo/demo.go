// Package demo sets a stage for the real daemon: a private PostgreSQL, simulated
// tenants and a configuration file that joins them. It knows what may have gone
// wrong for them before, and the questions an analyst may ask of the outcome. It
// must not know how the daemon works.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/google/uuid"

	"ingestd/internal/graphsim"
	"ingestd/internal/pgserver"
)

// Options shape the simulated companies.
type Options struct {
	Seed          int64
	Tenants       int
	Users         int
	CallsPerDay   int
	RecordsPerDay int  // call records
	Trouble       bool // two tenants with a past; see Past
}

// names are those of the tenants; there are no more.
var names = []string{"contoso", "fabrikam", "adatum", "litware", "northwind", "proseware", "tailspin", "wingtip"}

// MaxTenants is how many tenants a stage has at most.
var MaxTenants = len(names)

// LimitFactor is how many times Graph's published limits a simulated tenant
// allows, so that nobody has to wait for a demo.
const LimitFactor = 10

// A Stage is what the daemon needs to run, alive until Close.
type Stage struct {
	folder   *folder
	postgres *pgserver.Server
	tenants  []*tenant
	clock    clock
	trouble  bool
	listen   string // where the daemon's page is to be
}

// A tenant is a simulated one.
type tenant struct {
	name              string
	graph             *graphsim.Server
	limits, endpoints string // of its configuration, in YAML; default: LimitFactor, and the defaults
}

// Open starts PostgreSQL and the simulated tenants, all reachable from this
// machine only, and writes the configuration to a private temporary folder.
func Open(ctx context.Context, o Options) (*Stage, error) {
	s := &Stage{trouble: o.Trouble}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stage) open(ctx context.Context, o Options) (err error) {
	if s.folder, err = newFolder(); err != nil {
		return err
	}
	for i := range o.Tenants {
		if err := s.addTenant(i, o); err != nil {
			return err
		}
	}
	if s.postgres, err = pgserver.Start(ctx, pgserver.Options{}); err != nil {
		return err
	}
	if o.Trouble {
		s.makeTrouble()
	}
	if s.listen, err = freeAddress(); err != nil {
		return err
	}
	return s.configure()
}

// addTenant starts a tenant with a company of its own.
func (s *Stage) addTenant(i int, o Options) error {
	id := graphsim.TenantID
	if i > 0 {
		id = uuid.NewSHA1(uuid.MustParse(id), []byte(names[i])).String()
	}
	limits := float64(LimitFactor)
	if o.Trouble {
		limits = 0 // none: they go by the machine's clock, and a month is played within seconds
	}
	graph, err := graphsim.Start(graphsim.Config{
		Tenant: id, Seed: o.Seed + int64(i), Users: o.Users, CallsPerDay: o.CallsPerDay, RecordsPerDay: o.RecordsPerDay,
		LimitFactor: limits, Now: s.clock.Now,
	})
	if err != nil {
		return fmt.Errorf("simulate the tenant %s: %w", names[i], err)
	}
	s.tenants = append(s.tenants, &tenant{name: names[i], graph: graph})
	return nil
}

// freeAddress is one on loopback that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// PageURL is where the daemon shows how it stands.
func (s *Stage) PageURL() string { return "http://" + s.listen + "/" }

// DatabaseURL is where the rows are.
func (s *Stage) DatabaseURL() string { return s.postgres.URL("postgres") }

// Close stops all servers and removes all they kept.
func (s *Stage) Close() error {
	var errs []error
	for _, t := range s.tenants {
		errs = append(errs, t.graph.Close())
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Stop())
	}
	if s.folder != nil {
		errs = append(errs, s.folder.remove())
	}
	return errors.Join(errs...)
}
