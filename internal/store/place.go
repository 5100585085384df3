package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Distribution says on how many nodes the rows of schema teams lie.
type Distribution struct {
	Citus  bool // by tenant, on the nodes that Citus' coordinator knows
	Shards int  // into how many parts tables are cut when they are placed first

	// Filled says that large tables may be placed too, which locks them meanwhile.
	Filled bool
	// Placing, if not nil, hears of each table before it is placed.
	Placing func(table string, bytes int64)
}

const (
	oldestCitus = 13
	// filledBytes is the size from which a table is not placed unless Filled is set: it
	// takes longer than a second.
	filledBytes = 16 << 20
)

var (
	clusterFacts     = statement("cluster")
	clusterFaults    = statement("cluster_faults")
	clusterTables    = statement("cluster_tables")
	clusterFunctions = statement("cluster_functions")
	clusterReplace   = statement("cluster_replace")
)

// A clusterTable is a table that Citus is to hold.
type clusterTable struct {
	Name   string
	IsList bool   // each node has a copy
	State  string // placed, nowhere, or elsewhere: not as it is to be
	Bytes  int64
}

// hasCitus reports whether the database has Citus' catalog.
func (db *DB) hasCitus(ctx context.Context) (bool, error) {
	found, err := list[struct{ Found bool }](ctx, db, "look for Citus",
		`SELECT to_regclass('pg_dist_partition') IS NOT NULL`)
	return err == nil && found[0].Found, err
}

// checkPlaced refuses a database whose tables do not lie where the configuration
// says.
func (db *DB) checkPlaced(ctx context.Context) error {
	found, err := db.hasCitus(ctx)
	if err != nil || !found && !db.Distribution.Citus {
		return err
	}
	if db.Distribution.Citus {
		if err := db.checkCluster(ctx, found); err != nil {
			return err
		}
	}
	tables, err := db.clusterTables(ctx)
	if err != nil {
		return err
	}
	if missing := inState(tables, "nowhere"); db.Distribution.Citus && len(missing) > 0 {
		return fmt.Errorf("%w: database.distribution is citus, but %s not distributed; run: ingestd migrate up",
			errNotPlaced, firstOf(missing, "is", "are"))
	}
	if placed := inState(tables, "placed"); !db.Distribution.Citus && len(placed) > 0 {
		return fmt.Errorf("%w: database.distribution is none, but Citus has distributed %s; set it to citus, or "+
			"bring each back: SELECT undistribute_table('%s')", ErrUnfit, firstOf(placed, "", ""), placed[0].Name)
	}
	return nil
}

// checkCluster refuses a database that is no coordinator of Citus.
func (db *DB) checkCluster(ctx context.Context, found bool) error {
	const is = "database.distribution is citus, but "
	if !found {
		return fmt.Errorf("%w: "+is+"the database has no Citus; load it on every node (shared_preload_libraries, "+
			"CREATE EXTENSION citus), or set database.distribution to none", ErrUnfit)
	}
	facts, err := list[struct {
		Version, Group int
		Known          bool
		Nodes          int64
	}](ctx, db, "ask Citus about itself", clusterFacts)
	if err != nil {
		return err
	}
	switch f := facts[0]; {
	case f.Version < oldestCitus:
		return fmt.Errorf("%w: "+is+"Citus has version %d; install %d or newer", ErrUnfit, f.Version, oldestCitus)
	case f.Group != 0:
		return fmt.Errorf("%w: "+is+"database.url leads to a worker (group %d); name the coordinator",
			ErrUnfit, f.Group)
	case !f.Known:
		return fmt.Errorf("%w: "+is+"Citus does not know the coordinator's address; run there: "+
			"SELECT citus_set_coordinator_host('HOST')", ErrUnfit)
	case f.Nodes == 0:
		return fmt.Errorf("%w: "+is+"no node takes rows; add one: SELECT citus_add_node('HOST', 5432)", ErrUnfit)
	}
	tables, err := db.clusterTables(ctx)
	if wrong := inState(tables, "elsewhere"); err == nil && len(wrong) > 0 {
		err = fmt.Errorf("%w: "+is+"%s not distributed by tenant_id beside teams.call_records (schema ref: as "+
			"reference tables); bring each back, SELECT undistribute_table('%s'), and run: ingestd migrate up",
			ErrUnfit, firstOf(wrong, "is", "are"), wrong[0].Name)
	}
	return err
}

// A ClusterFault is what is wrong with a node of Citus.
type ClusterFault struct{ What, Fix string }

// ClusterFaults asks all nodes; there are none where tables are not distributed.
func (db *DB) ClusterFaults(ctx context.Context) ([]ClusterFault, error) {
	if !db.Distribution.Citus {
		return nil, nil
	}
	return list[ClusterFault](ctx, db, "ask the nodes of Citus", clusterFaults)
}

func (db *DB) clusterTables(ctx context.Context) ([]clusterTable, error) {
	return list[clusterTable](ctx, db, "ask Citus for its tables", clusterTables)
}

func inState(tables []clusterTable, state string) (some []clusterTable) {
	for _, t := range tables {
		if t.State == state {
			some = append(some, t)
		}
	}
	return some
}

// firstOf names the first of some tables, with the verb that follows.
func firstOf(tables []clusterTable, is, are string) string {
	if n := len(tables) - 1; n > 0 {
		return strings.TrimSpace(fmt.Sprintf("%s and %d more %s", tables[0].Name, n, are))
	}
	return strings.TrimSpace(tables[0].Name + " " + is)
}

// place gives Citus what it does not hold yet, each in a transaction of its own, so
// that what is done stays done. Tables that rows lie in are locked meanwhile, and the
// coordinator keeps a hidden copy of them.
func (db *DB) place(ctx context.Context) error {
	if !db.Distribution.Citus {
		return nil
	}
	found, err := db.hasCitus(ctx)
	if err == nil {
		err = db.checkCluster(ctx, found)
	}
	if err != nil {
		return err
	}
	return db.alone(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		tables, err := db.clusterTables(ctx)
		if err != nil {
			return err
		}
		missing := inState(tables, "nowhere")
		if err := db.mayPlace(missing); err != nil {
			return err
		}
		functions, err := collect[string](ctx, conn, clusterFunctions)
		if err != nil {
			return named("ask Citus for its functions", classify(err))
		}
		for _, f := range functions {
			if err := placeBy(ctx, conn, f, `SELECT create_distributed_function($1)`, f); err != nil {
				return err
			}
		}
		for _, t := range missing {
			if err := db.placeTable(ctx, conn, t); err != nil {
				return err
			}
		}
		return placeBy(ctx, conn, "views", clusterReplace)
	})
}

// mayPlace refuses to lock large tables unless that is meant.
func (db *DB) mayPlace(missing []clusterTable) error {
	for _, t := range missing {
		if t.Bytes > filledBytes && !db.Distribution.Filled {
			return fmt.Errorf("%w: %s has %d MB and is not distributed; that locks it against writing, some 30 MB a "+
				"second, and takes the disk twice; when reading may wait, run: ingestd migrate up --distribute",
				errNotPlaced, t.Name, t.Bytes>>20)
		}
	}
	return nil
}

// placeTable gives Citus one table. The first one decides how many shards all have.
func (db *DB) placeTable(ctx context.Context, conn *pgx.Conn, t clusterTable) error {
	if db.Distribution.Placing != nil {
		db.Distribution.Placing(t.Name, t.Bytes)
	}
	switch {
	case t.IsList:
		return placeBy(ctx, conn, t.Name, `SELECT create_reference_table($1)`, t.Name)
	case t.Name == "teams.call_records":
		return placeBy(ctx, conn, t.Name,
			`SELECT create_distributed_table($1, 'tenant_id', colocate_with => 'none', shard_count => $2)`,
			t.Name, db.Distribution.Shards)
	}
	return placeBy(ctx, conn, t.Name,
		`SELECT create_distributed_table($1, 'tenant_id', colocate_with => 'teams.call_records')`, t.Name)
}

// placeBy runs a statement that gives Citus something.
func placeBy(ctx context.Context, conn *pgx.Conn, name, statement string, args ...any) error {
	_, err := conn.Exec(ctx, statement, args...)
	return named("distribute "+name, classify(err))
}
