package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/privacy"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func newErase() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "erase --user OBJECT_ID | --number NUMBER",
		Short: "Take a person out of all that is stored and of what will be read",
		Long: `erase looks for a person in all tables: rows, rollups, rejects and notes of failures. It
prints how many rows of which table name them, and from when to when. With --yes it
takes them out: names, addresses, devices and what they wrote are gone, and pseudonyms
stand for ids and numbers, so that figures stay as they are and nobody finds out whose
they were. What others are in the same rows stays. There is no way back.

Who is erased is kept out of what is read, for as long as Microsoft may serve what was
before, and for that a keyed hash is kept (ingest.erasures). It needs the tenant's
privacy.key_file, and a daemon that was started with it.

It works beside a daemon, and at last waits for runs that began before it. Interrupted,
what was erased stays so, and the same command goes on. Backups, exports and replicas
are yours to clean: docs/privacy.md says how.`,
		Example: `  ingestd erase --tenant contoso --user 7f0a3c52-1d2e-4f7b-8a55-0c1d2e3f4a5b
  ingestd erase --tenant contoso --number +4930123456 --yes`,
		Args: cobra.NoArgs,
	}
	chosen := &selection{}
	chosen.oneTenantFlag(cmd)
	user := choiceFlag(cmd, "user", "the person's object id in Entra")
	number := choiceFlag(cmd, "number", "a phone number, with its country code")
	yes := cmd.Flags().Bool("yes", false, "do it; without, print what would be done")
	exitTable(cmd, exitCodes{exitOK: "nothing of the person is found any more; without --yes: what is, is printed"})
	cmd.RunE = withRows(func(cmd *cobra.Command, a *app) error {
		if (*user == "") == (*number == "") {
			return usageOf(cmd, "--user or --number is wanted, and not both")
		}
		t, err := chosen.one(a.config)
		if err != nil {
			return err
		}
		by := privacy.ByUser
		if *number != "" {
			by = privacy.ByNumber
		}
		e, err := a.erasing(cmd, t, by, *user+*number)
		if err != nil {
			return err
		}
		return a.erase(cmd, e, *yes)
	})
	return cmd
}

// erasing prepares the erasure of a person of a tenant, and notes nothing.
func (a *app) erasing(cmd *cobra.Command, t config.Tenant, by, text string) (*schedule.Erasure, error) {
	if t.Privacy.Key.Reveal() == nil {
		return nil, errConfig(fmt.Sprintf("tenant %s has no privacy.key_file, and without one nobody would know who "+
			"was erased when Microsoft serves them again; make one with: openssl rand -hex 32 > FILE, name it in "+
			"the configuration, and start the daemon anew", t.Name))
	}
	eraser, err := a.eraser(cmd.Context(), t)
	if err != nil {
		return nil, err
	}
	person, ok := eraser.Person(text)
	if !ok || person.By != by {
		return nil, usageOf(cmd, "--user takes an object id (a GUID), --number a whole phone number")
	}
	if err := eraser.Add(person.By, person.Hash); err != nil {
		return nil, err
	}
	tenant := tenantID(t)
	principals, names, err := a.namesOf(cmd.Context(), tenant, person)
	if err != nil {
		return nil, err
	}
	eraser.Mention(principals, names)
	jobs, err := (&selection{tenant: t.ID}).jobs(a)
	return &schedule.Erasure{
		Jobs: jobs,
		Noted: store.Erasure{
			Tenant: tenant, KnownBy: person.By, Hash: person.Hash, NeededUntil: neededUntil(t), Program: version(),
		},
		Search: store.Search{
			Tenant: tenant, Marks: append(person.Spellings, principals...), Instead: person.Instead, Names: names,
		},
		Eraser: eraser.Of, Wait: time.Second,
	}, err
}

// eraser knows who was erased of a tenant.
func (a *app) eraser(ctx context.Context, t config.Tenant) (*privacy.Eraser, error) {
	erased, err := a.db.Erased(ctx, tenantID(t))
	if err != nil {
		return nil, err
	}
	return newEraser(t, erased)
}

// leastName is how long a name has to be that is looked for in texts: a shorter one is in
// many words.
const leastName = 5

// namesOf returns what tells a person besides their id: addresses to sign in with, and names.
func (a *app) namesOf(ctx context.Context, tenant uuid.UUID, p privacy.Person) (principals, names []string, err error) {
	if p.By != privacy.ByUser {
		return nil, nil, nil
	}
	principals, names, err = a.db.NamesOf(ctx, tenant, p.Spellings)
	isOther := func(text string) bool { return len(text) < leastName || privacy.IsPseudonym([]byte(text)) }
	return slices.DeleteFunc(principals, isOther), slices.DeleteFunc(names, isOther), err
}

// neededUntil is until when Graph may serve a tenant what was before now.
func neededUntil(t config.Tenant) time.Time {
	var reach time.Duration
	for _, e := range fetch.Endpoints {
		reach = max(reach, e.Reach, t.Endpoints[e.Name].Reach)
	}
	return time.Now().Add(reach)
}

// erase prints where a person is found, and erases them if that is meant.
func (a *app) erase(cmd *cobra.Command, e *schedule.Erasure, yes bool) error {
	found, err := a.db.Find(cmd.Context(), e.Search)
	if err != nil {
		return err
	}
	if err := writeFinds(cmd.OutOrStdout(), found); err != nil {
		return err
	}
	until := e.Noted.NeededUntil.Format(time.DateOnly)
	if len(found) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "Nothing is found of the person; a number is found by its country code only.")
	}
	if e.Noted.KnownBy == privacy.ByNumber {
		fmt.Fprintln(cmd.ErrOrStderr(), "Where a number is stored masked, by Microsoft or by privacy.numbers, it is "+
			"not found, as nobody can tell it from others.")
	}
	if !yes {
		fmt.Fprintf(cmd.ErrOrStderr(), "Nothing was done. With --yes these rows lose all that is personal of the "+
			"person, ids and numbers become pseudonyms, and what is read until %s is kept free of them.\n", until)
		return nil
	}
	e.Noted.Found = map[string]int64{}
	for _, f := range found {
		e.Noted.Found[f.Table] = f.Rows
	}
	isDue := seldom()
	e.Progress = func(what string, done, all int) {
		if isDue() {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s of %s\n", what, health.Number(done), health.Number(all))
		}
	}
	id, err := e.Run(cmd.Context(), found)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(cmd.ErrOrStderr(), "ingestd: stopped; what was erased stays so, and the same command goes on")
		return err
	case err != nil:
		return err
	}
	a.followRows(cmd)
	fmt.Fprintln(cmd.ErrOrStderr(), "Exports, backups and replicas that are older hold the person still, and so does "+
		"the disk until the tables are vacuumed: docs/privacy.md")
	_, err = fmt.Fprintf(cmd.OutOrStdout(),
		"Erased, and kept out of what is read until %s; noted as number %d in ingest.erasures.\n", until, id)
	return err
}

func writeFinds(out io.Writer, found []store.Find) error {
	s := screenOf(out, false, time.Now())
	t := table{columns: []column{{name: "table"}, {name: "rows", right: true}, {name: "from"}, {name: "to"}}}
	for _, f := range found {
		t.rows = append(t.rows, []string{f.Table, health.Number(f.Rows), s.at(f.First), s.at(f.Last)})
	}
	return t.write(s, s.columns)
}
