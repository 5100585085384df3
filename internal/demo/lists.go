package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
)

// FillLists writes to the lists of ref what Graph does not know and a company's
// administrators do: who has which number, where a network is, how many minutes
// were bought. The schemas must be there.
func (s *Stage) FillLists(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, s.DatabaseURL())
	if err != nil {
		return fmt.Errorf("fill the lists of the demo: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, t := range s.tenants {
		if err := FillLists(ctx, conn, t.graph); err != nil {
			return fmt.Errorf("fill the lists of %s: %w", t.name, err)
		}
	}
	return nil
}

// FillLists writes those of one company.
func FillLists(ctx context.Context, conn *pgx.Conn, company *graphsim.Server) error {
	var b pgx.Batch
	tenant, lists := company.Tenant(), company.Lists()
	for _, n := range lists.Numbers {
		b.Queue(`INSERT INTO ref.numbers (tenant_id, number, user_id) VALUES ($1, $2, nullif($3, '')::uuid)`,
			tenant, n.Number, n.UserID)
	}
	for _, n := range lists.Subnets {
		b.Queue(`INSERT INTO ref.site_subnets (tenant_id, network, site, city, country)
			VALUES ($1, $2::text::cidr, $3, $3, $4)`, tenant, n.Network, n.City, n.Country)
	}
	for _, l := range lists.Licences {
		b.Queue(`INSERT INTO ref.license_pools
			(tenant_id, license_capability, usage_country, context, minutes_per_license, licenses)
			VALUES ($1, $2, $3, 'Domestic', $4, $5)`, tenant, l.Code, l.Country, l.Minutes, l.Users)
	}
	return conn.SendBatch(ctx, &b).Close()
}
