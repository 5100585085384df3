package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Checkup is what a database says of itself to someone who looks for what is
// wrong.
type Checkup struct {
	Role, Database string
	ServerVersion  string
	Now            time.Time // of the server's clock
	Bytes          int64     // of the database
	Superuser      bool
	// How many connections this program may have: by the limit of its role, of
	// the database and of the server. Nil: there is none.
	RoleRoom, DatabaseRoom, ServerRoom *int64

	Where  string        // host and port, or the socket's folder
	Secure string        // what is known of the way there
	Ahead  time.Duration // the server's clock before this machine's
	Pooler Pooler
}

// Needs is how many connections a daemon needs at most: the pool's, one for locks,
// and one for the rollups.
func (db *DB) Needs() int { return int(db.pool.Config().MaxConns) + 2 }

var checkup = statement("checkup")

// Checkup asks the database about itself, whatever its schema.
func (db *DB) Checkup(ctx context.Context) (Checkup, error) {
	var c Checkup
	err := once(ctx, "ask the database about itself", noteTimeout, func(ctx context.Context) error {
		conn, err := db.connect(ctx)
		if err != nil {
			return err
		}
		defer closeConn(conn)
		c.Where, c.Secure = where(conn.Config()), secured(conn)
		asked := time.Now()
		row := conn.QueryRow(ctx, checkup, pgx.QueryExecModeSimpleProtocol)
		err = row.Scan(&c.Role, &c.Database, &c.ServerVersion, &c.Now, &c.Bytes, &c.Superuser, &c.RoleRoom,
			&c.DatabaseRoom, &c.ServerRoom)
		c.Ahead = c.Now.Sub(asked.Add(time.Since(asked) / 2))
		return err
	})
	if err == nil {
		c.Pooler, err = db.Pooler(ctx)
	}
	return c, err
}

// Where is the server that database.url names first.
func (db *DB) Where() string { return where(db.pool.Config().ConnConfig) }

func where(c *pgx.ConnConfig) string {
	if strings.HasPrefix(c.Host, "/") {
		return c.Host
	}
	return fmt.Sprintf("%s:%d", c.Host, c.Port)
}

// secured says how well the way to the server is guarded.
func secured(conn *pgx.Conn) string {
	config := conn.Config()
	switch {
	case strings.HasPrefix(config.Host, "/"):
		return "by a Unix socket"
	case config.TLSConfig == nil:
		return "without TLS"
	case !config.TLSConfig.InsecureSkipVerify:
		return "TLS verified"
	case config.TLSConfig.VerifyPeerCertificate != nil:
		return "TLS, its authority verified but not its name"
	}
	return "TLS, not verified"
}
