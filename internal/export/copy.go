package export

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"maps"
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

// A copying brings the files of a view up to date.
type copying struct {
	*pass
	view       view
	state      *state
	before     map[string]entry // the files as they were
	due        []part
	generation string
	did        View
}

// copyView brings the files of a view up to date.
func (run *pass) copyView(ctx context.Context, v view) (View, error) {
	c := &copying{pass: run, view: v, generation: run.generation(v), did: View{Name: v.Name}}
	if err := c.begin(ctx); err != nil {
		return c.did, err
	}
	err := c.copyParts(ctx)
	if err == nil {
		c.state.Mark, c.state.Epoch = run.mark, run.epoch
	}
	c.state.Doubted = false
	// What is done stays done, also where it was told to stop.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if failed := c.save(last); err == nil {
		err = failed
	}
	return c.did, err
}

// begin looks what there is, and what is due.
func (c *copying) begin(ctx context.Context) (err error) {
	if c.state, err = readState(ctx, c.bucket, c.view.Name); err != nil {
		return told(c.options.To, err)
	}
	if len(c.state.Files) > 0 && !slices.Equal(c.state.Without, c.options.Without) {
		return mistake("its files leave out %s, and not %s; choose another folder for other columns",
			named(c.state.Without), named(c.options.Without))
	}
	c.state.Without = c.options.Without
	if err := c.look(ctx); err != nil {
		return told(c.options.To, err)
	}
	c.before = maps.Clone(c.state.Files)
	parts, changed := c.parts(c.view, c.state)
	for _, p := range parts {
		if c.view.Filter == "" || c.state.due(c.view.file(p), c.generation, changed[p]) {
			c.due = append(c.due, p)
		}
	}
	return nil
}

// due reports whether a file of some days has to be written, given the transaction
// that last changed them.
func (s *state) due(file, generation string, changed uint64) bool {
	e, known := s.Files[file]
	return !known || e.Digest == "" || e.Generation != generation || e.Open || changed != e.Mark
}

// named names classes of personal data.
func named(classes []catalog.Class) string {
	if len(classes) == 0 {
		return "no personal data"
	}
	return strings.Trim(fmt.Sprint(classes), "[]")
}

// generation changes where every file of a view has to be written anew.
func (run *pass) generation(v view) string {
	text := fmt.Sprint(run.epoch, run.lists)
	for _, c := range v.Columns {
		text += "\n" + c.Name + " " + c.Type
	}
	return fmt.Sprintf("%016x", xxhash.Sum64String(text))
}

// copyParts brings all files up to date that are due.
func (c *copying) copyParts(ctx context.Context) error {
	saved := time.Now()
	for _, p := range c.due {
		if err := c.copyPart(ctx, p); err != nil {
			return err
		}
		if time.Since(saved) > saveEvery {
			if err := c.save(ctx); err != nil {
				return err
			}
			saved = time.Now()
		}
	}
	return nil
}

func (c *copying) save(ctx context.Context) error {
	return told(c.options.To, c.state.write(ctx, c.bucket))
}

// doubt has the state say, before the first file is replaced, that it does not know
// what is in those that are due, nor whether it knows all. Else one that is killed in
// between would leave files that are others than the state says.
func (c *copying) doubt(ctx context.Context) error {
	if c.state.Doubted {
		return nil
	}
	for _, p := range c.due {
		file := c.view.file(p)
		if e, known := c.state.Files[file]; known && e == c.before[file] {
			e.Digest = ""
			c.state.Files[file] = e
		}
	}
	c.state.Doubted = true
	return c.save(ctx)
}

// copyPart brings one file up to date. What is known of it and its rows are of one
// snapshot.
func (c *copying) copyPart(ctx context.Context, p part) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, c.conn, options, func(tx pgx.Tx) error {
		var from, to *time.Time
		var mark string
		var expired bool
		row := tx.QueryRow(ctx, selectPart, p.tenant, p.from, c.view.until(p), c.view.endpoints)
		if err := row.Scan(&from, &to, &mark, &expired); err != nil {
			return store.Named("look at a day", err)
		}
		file := c.view.file(p)
		before, known := c.before[file]
		now := entry{Generation: c.generation}
		var err error
		if now.Mark, err = strconv.ParseUint(mark, 10, 64); err != nil {
			return err
		}
		switch {
		case c.view.Filter == "":
			from, to = new(time.Time), new(time.Time)
		case from == nil:
			return nil // the day is not in the calendar
		case expired && c.view.readsRows && known: // it is history
			now.contents = before.contents
			now.Open = false
			c.state.Files[file] = now
			return nil
		}
		sql, args := c.view.query(p, *from, *to)
		rows, err := tx.Query(ctx, sql, append([]any{pgx.QueryResultFormats{1}}, args...)...)
		if err != nil {
			return c.unread(file, err)
		}
		if now.contents, err = c.replace(ctx, file, rows); err != nil {
			return err
		}
		c.state.Files[file] = now
		c.count(c.was(file), now.contents)
		return nil
	})
}

// was is what a file held before: one that is not known is not there.
func (c *copying) was(file string) contents {
	if e, known := c.before[file]; known {
		return e.contents
	}
	return contents{Digest: noRows}
}

// count counts a file.
func (c *copying) count(before, now contents) {
	c.did.Nulled += now.nulled
	if now.equal(before) {
		c.did.Same++
		return
	}
	c.did.Written++
	c.did.Rows += now.Rows
}

// replace writes rows to a file, unless they are those that it holds. The file is not
// there before all of it is, and not if there are none.
func (c *copying) replace(ctx context.Context, file string, rows pgx.Rows) (now contents, err error) {
	attempt, giveUp := context.WithCancel(ctx)
	defer giveUp()
	w, err := c.bucket.NewWriter(attempt, file, &blob.WriterOptions{
		ContentType: "application/vnd.apache.parquet", MaxConcurrency: 1,
	})
	if err != nil {
		rows.Close()
		return now, told(c.options.To, err)
	}
	now, err = writeParquet(w, c.view.Relation, rows)
	before := c.was(file)
	same := now.equal(before)
	if err == nil && !same && now.Rows > 0 {
		if err = c.doubt(ctx); err == nil {
			return now, told(c.options.To, w.Close())
		}
	}
	giveUp()
	_ = w.Close() // it says that it was given up
	switch {
	case err != nil && rows.Err() != nil:
		return now, c.unread(file, err)
	case err != nil || same:
		return now, told(c.options.To, err)
	}
	return now, c.remove(ctx, file)
}

// unread is the error of a query for a file. It may quote no value; psql may.
func (c *copying) unread(file string, err error) error {
	err = store.Named("read "+file, err)
	if c.conn.IsClosed() {
		return err
	}
	return fmt.Errorf("%w; SELECT * FROM analytics.%s says more in psql", err, quoted(c.view.Name))
}

// remove deletes a file that has no rows any more.
func (c *copying) remove(ctx context.Context, file string) error {
	if err := c.doubt(ctx); err != nil {
		return err
	}
	return told(c.options.To, c.delete(ctx, file))
}

// delete deletes a file, if it is there.
func (run *pass) delete(ctx context.Context, file string) error {
	err := run.bucket.Delete(ctx, file)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}

// look has the state know the files that are there, at the start and after an export
// that was killed: one more, which that one wrote, and one less, which somebody has
// deleted, are due. What was left half written is deleted; only a folder has such, and
// after a loss of power files without contents.
func (c *copying) look(ctx context.Context) error {
	if c.looked[c.view.Name] && !c.state.Doubted {
		return nil
	}
	there := map[string]bool{}
	for list := c.bucket.List(&blob.ListOptions{Prefix: c.view.Name + "/"}); ; {
		o, err := list.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		_, ours := c.view.partIn(o.Key)
		_, known := c.state.Files[o.Key]
		switch {
		case ours && o.Size == 0, strings.HasSuffix(o.Key, ".tmp"):
			if err := c.delete(ctx, o.Key); err != nil {
				return err
			}
			continue
		case ours && !known:
			c.state.Files[o.Key] = entry{}
		}
		there[o.Key] = true
	}
	maps.DeleteFunc(c.state.Files, func(file string, e entry) bool { return e.Rows > 0 && !there[file] })
	c.looked[c.view.Name], c.state.Doubted = true, false
	return nil
}

// collect returns all rows of a query.
func collect[T any](ctx context.Context, conn *pgx.Conn, sql string, of pgx.RowToFunc[T]) ([]T, error) {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, of)
}
