package storetest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/store"
)

// OnCitus reports whether databases are made on a cluster of Citus. Its coordinator's URL, with the rights of a
// superuser on all nodes, is in INGESTD_TEST_CITUS; workers take the same user and password.
func OnCitus() bool { return os.Getenv("INGESTD_TEST_CITUS") != "" }

// distribution is where the rows of a test's database lie.
func distribution() store.Distribution { return store.Distribution{Citus: OnCitus(), Shards: 4} }

// A citusNode is a server of the cluster.
type citusNode struct {
	Host string
	Port int
}

// citusDatabase makes a database on all nodes, migrated or empty, and returns its URL on the coordinator.
func citusDatabase(t testing.TB, name string, migrated bool) string {
	t.Helper()
	given := os.Getenv("INGESTD_TEST_CITUS")
	coordinator := Conn(t, given)
	config := coordinator.Config()
	self := citusNode{config.Host, int(config.Port)}
	workers := citusWorkers(t, coordinator)
	for _, n := range append(workers, self) {
		onNode(t, n.url(t, given, ""), `CREATE DATABASE `+name)
		t.Cleanup(func() { onNode(t, n.url(t, given, ""), `DROP DATABASE `+name+` WITH (FORCE)`) })
		onNode(t, n.url(t, given, name), `CREATE EXTENSION citus`)
	}
	made := self.url(t, given, name)
	conn := Conn(t, made)
	Exec(t, conn, `SELECT citus_set_coordinator_host($1, $2)`, self.Host, self.Port)
	for _, n := range workers {
		Exec(t, conn, `SELECT citus_add_node($1, $2)`, n.Host, n.Port)
	}
	if migrated {
		if err := Connect(t, made).MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return made
}

// citusWorkers are the nodes that the coordinator knows besides itself.
func citusWorkers(t testing.TB, coordinator *pgx.Conn) []citusNode {
	t.Helper()
	rows, _ := coordinator.Query(t.Context(),
		`SELECT nodename AS host, nodeport AS port FROM pg_dist_node WHERE groupid <> 0 AND isactive`)
	workers, err := pgx.CollectRows(rows, pgx.RowToStructByName[citusNode])
	if err != nil {
		t.Fatalf("INGESTD_TEST_CITUS: ask the coordinator for its workers: %v", err)
	}
	return workers
}

// url is the given URL on another node, and for another database if one is named.
func (n citusNode) url(t testing.TB, given, database string) string {
	t.Helper()
	u, err := url.Parse(given)
	if err != nil {
		t.Fatal("INGESTD_TEST_CITUS is no URL")
	}
	u.Host = net.JoinHostPort(n.Host, strconv.Itoa(n.Port))
	if database != "" {
		u.Path = "/" + database
	}
	return u.String()
}

// onNode runs statements on one node.
func onNode(t testing.TB, url string, statements ...string) {
	t.Helper()
	ctx := context.Background() // a cleanup has no other
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", sql, err))
		}
	}
}
