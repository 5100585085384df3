package export

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"ingestd/internal/catalog"
	"ingestd/internal/store"
)

var (
	//go:embed sql/standing.sql
	selectStanding string
	//go:embed sql/tenants.sql
	selectTenants string
	//go:embed sql/days.sql
	selectDays string
	//go:embed sql/part.sql
	selectPart string
)

// saveEvery is how often the state of a view is written while its files are.
const saveEvery = 30 * time.Second

// copyView brings the files of a view up to date.
func (run *pass) copyView(ctx context.Context, v view) (did View, err error) {
	did.Name = v.Name
	s, err := readState(ctx, run.bucket, v.Name)
	if err != nil {
		return did, told(run.options.To, err)
	}
	if len(s.Files) > 0 && !slices.Equal(s.Without, run.options.Without) {
		return did, mistake("its files were written without %q; choose another folder for other columns", s.Without)
	}
	s.Without = run.options.Without
	if err := run.tidy(ctx, v); err != nil {
		return did, told(run.options.To, err)
	}
	saved := time.Now()
	generation := run.generation(v)
	parts, changed := run.parts(v, s)
	for _, p := range parts {
		if !s.due(v.file(p), generation, changed[p]) {
			continue
		}
		if err = run.copyPart(ctx, v, p, s, generation, &did); err != nil {
			break
		}
		if time.Since(saved) > saveEvery {
			if err = s.write(ctx, run.bucket); err != nil {
				break
			}
			saved = time.Now()
		}
	}
	if err == nil {
		s.Mark, s.Epoch = run.mark, run.epoch
	}
	// What is done stays done, also where it was told to stop.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if failed := s.write(last, run.bucket); err == nil {
		err = told(run.options.To, failed)
	}
	return did, err
}

// due reports whether a file has to be written, given the transaction that last
// changed what is in it.
func (s *state) due(file, generation string, changed uint64) bool {
	e, known := s.Files[file]
	return !known || e.Generation != generation || e.Open || changed >= e.Mark
}

// generation changes where every file of a view has to be written anew.
func (run *pass) generation(v view) string {
	text := fmt.Sprint(run.epoch, run.lists)
	for _, c := range v.Columns {
		text += "\n" + c.Name + " " + c.Type
	}
	return fmt.Sprintf("%016x", xxhash.Sum64String(text))
}

// copyPart brings one file up to date. What is known of it and its rows are of one
// snapshot.
func (run *pass) copyPart(ctx context.Context, v view, p part, s *state, generation string, did *View) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, run.conn, options, func(tx pgx.Tx) error {
		var from, to *time.Time
		var mark string
		var expired bool
		row := tx.QueryRow(ctx, selectPart, p.tenant, p.from, v.until(p), v.endpoints)
		if err := row.Scan(&from, &to, &mark, &expired); err != nil {
			return store.Named("look at a day", err)
		}
		before, known := s.Files[v.file(p)]
		if v.Filter == "" {
			from, to = new(time.Time), new(time.Time)
		}
		if from == nil || expired && v.readsRows && known {
			return nil // the day is not in the calendar, or is history
		}
		now := entry{Generation: generation}
		var err error
		if now.Mark, err = strconv.ParseUint(mark, 10, 64); err != nil {
			return err
		}
		sql, args := v.query(p, *from, *to)
		if now.contents, err = run.copyRows(ctx, tx, v, v.file(p), before, expired, sql, args); err != nil {
			return err
		}
		s.Files[v.file(p)] = now
		did.count(before, now, known)
		return nil
	})
}

// count counts a file.
func (did *View) count(before, now entry, known bool) {
	did.Nulled += now.nulled
	if known && before.Rows == now.Rows && before.Digest == now.Digest && before.Generation == now.Generation {
		did.Same++
		return
	}
	if now.Rows > 0 || known {
		did.Written++
		did.Rows += now.Rows
	}
}

// copyRows writes the rows of a query to a file, unless they are those that it
// holds. The file is not there before all of it is.
func (run *pass) copyRows(
	ctx context.Context, tx pgx.Tx, v view, file string, before entry, expired bool, sql string, args []any,
) (contents, error) {
	rows, err := tx.Query(ctx, sql, append([]any{pgx.QueryResultFormats{1}}, args...)...)
	if err != nil {
		return contents{}, store.Named("read it", err)
	}
	attempt, giveUp := context.WithCancel(ctx)
	defer giveUp()
	w, err := run.bucket.NewWriter(attempt, file, &blob.WriterOptions{
		ContentType: "application/vnd.apache.parquet", MaxConcurrency: 1,
	})
	if err != nil {
		rows.Close()
		return contents{}, told(run.options.To, err)
	}
	c, err := writeParquet(w, v.Relation, rows)
	drop := err != nil || c.Rows == 0 || c.Digest == before.Digest && c.Rows == before.Rows
	if drop {
		giveUp()
	}
	closed := w.Close()
	switch {
	case err != nil && rows.Err() != nil:
		return c, store.Named("read it", err)
	case err != nil:
		return c, told(run.options.To, err)
	case drop && c.Rows == 0 && before.Rows > 0 && !expired:
		return c, told(run.options.To, run.delete(ctx, file))
	case drop && c.Rows == 0 && expired:
		return before.contents, nil
	case drop:
		return c, nil
	}
	return c, told(run.options.To, closed)
}

// delete deletes a file, if it is there.
func (run *pass) delete(ctx context.Context, file string) error {
	err := run.bucket.Delete(ctx, file)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}

// tidy deletes what an export that was killed has left half written. Only in a
// folder is there anything.
func (run *pass) tidy(ctx context.Context, v view) error {
	if strings.Contains(run.options.To, "://") {
		return nil
	}
	list := run.bucket.List(&blob.ListOptions{Prefix: v.Name + "/"})
	for {
		o, err := list.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err == nil && strings.HasSuffix(o.Key, ".tmp") {
			err = run.delete(ctx, o.Key)
		}
		if err != nil {
			return err
		}
	}
}

// digestLists is a digest of all lists of schema ref but the calendars, which only
// grow.
func digestLists(ctx context.Context, conn *pgx.Conn) (uint64, error) {
	lists, err := catalog.Read(ctx, conn, "ref")
	if err != nil {
		return 0, err
	}
	hash := xxhash.New()
	for _, l := range lists {
		if l.View || l.Name == "days" || l.Name == "hours" {
			continue
		}
		digest, err := collect(ctx, conn, `
			SELECT md5(coalesce(string_agg(l::text, E'\n' ORDER BY l::text COLLATE "C"), ''))
			FROM `+pgx.Identifier{l.Schema, l.Name}.Sanitize()+` AS l`, pgx.RowTo[string])
		if err != nil {
			return 0, err
		}
		_, _ = hash.WriteString(l.Name + " " + digest[0] + "\n") // it never fails
	}
	return hash.Sum64(), nil
}

// collect returns all rows of a query.
func collect[T any](ctx context.Context, conn *pgx.Conn, sql string, of pgx.RowToFunc[T]) ([]T, error) {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, of)
}

// closeConn ends a connection, without waiting for one that does not answer.
func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}
