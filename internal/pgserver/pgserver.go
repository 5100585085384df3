// Package pgserver runs a private PostgreSQL cluster for the demo and the
// tests: in a folder of its own, on a unix socket only, from the server
// binaries found on the machine, and gone with the process.
//
// It knows folders, accounts and processes. It must not know what is kept in
// the databases, nor the configuration of the daemon.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	superuser = "ingestd"
	port      = "5432" // names the socket file; nothing listens on TCP

	cannotConnectNow = "57P03" // SQLSTATE while the server starts or recovers
)

// Options describe a cluster. The zero value is a temporary one.
type Options struct {
	// Dir is the cluster's folder: absent, empty, or that of an earlier Start,
	// whose data is then found again. Empty means a temporary folder that is
	// removed when the server stops; what is written there waits for no disk.
	Dir string

	// InMemory has a temporary cluster in memory, where there is room for it:
	// making and dropping a database, hundreds of files, takes a tenth of the
	// time there.
	InMemory bool

	// Programs is the folder with the server's programs. Empty means the first
	// that is found where systems keep them.
	Programs string

	// StandbyOf is the URL of a database of another cluster. A new cluster begins
	// as a copy of that one and follows it, until it is promoted by pg_promote().
	StandbyOf string

	// Settings are further server parameters, as in postgresql.conf. They hold
	// for this start only and cannot open the server to a network.
	Settings map[string]string

	// Log is the file the server's output is appended to. Empty means
	// server.log in the cluster's folder.
	Log string
}

// Server is a running cluster.
type Server struct {
	folder  *folder
	process *process
}

// Start makes the cluster if its folder holds none, starts it and waits until
// it answers. Its superuser is "ingestd", its first database "postgres".
//
// ctx bounds the start only: the server lives until Stop, or until this
// process ends by whatever signal. PostgreSQL refuses to run as root; there it
// runs as the owner of Dir if that is another account, else as postgres or
// nobody. Errors say what to do about missing binaries, a folder in use or one
// the account cannot reach, and carry the last lines of the server's output.
func Start(ctx context.Context, o Options) (*Server, error) {
	binaries := o.Programs
	if binaries == "" {
		var err error
		if binaries, err = find(ctx, places(ctx)); err != nil {
			return nil, err
		}
	}
	f, err := openFolder(ctx, o)
	if err != nil {
		return nil, err
	}
	p, err := launch(f, binaries, o)
	if err != nil {
		f.discard()
		return nil, err
	}
	s := &Server{folder: f, process: p}
	if err := s.ready(ctx); err != nil {
		_ = s.Stop() // its reason is in the output
		return nil, fmt.Errorf("start PostgreSQL in %s as %s: %w\n%s", f.dir, f.owner.name, err, p.output)
	}
	return s, nil
}

// ready returns once the server accepts connections.
func (s *Server) ready(ctx context.Context) error {
	config, err := pgx.ParseConfig(s.URL("postgres"))
	if err != nil {
		return err
	}
	for {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			return conn.Close(ctx)
		}
		var refusal *pgconn.PgError
		if errors.As(err, &refusal) && refusal.Code != cannotConnectNow {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-s.process.ended:
			return fmt.Errorf("the server ended: %v", s.process.status)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// URL is the connection URL of a database of the cluster, for pgx and libpq.
// The database need not exist yet.
func (s *Server) URL(database string) string {
	query := url.Values{
		"host":    {s.folder.socket},
		"port":    {port}, // else PGPORT would decide
		"user":    {superuser},
		"sslmode": {"disable"},
	}
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}

// Dir is the absolute path of the cluster's folder.
func (s *Server) Dir() string { return s.folder.dir }

// Stop ends all sessions and the server (a fast shutdown) and returns when the
// last of it is gone, a temporary folder included. It may be called again. An
// error means that the server had ended by itself, or ended badly.
func (s *Server) Stop() error {
	return s.process.stop()
}
