package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/catalog"
	"ingestd/internal/export"
)

func newExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Bring what is stored to where other programs read it",
		Long: `export brings what is stored to other programs: as Parquet files that any warehouse
reads, as sources for dbt, and as a publication for logical replication. Which of
them suits what is in docs/export.md.`,
		Example: `  ingestd export parquet --to /srv/teams --follow
  ingestd export dbt-sources > models/analytics.yml
  ingestd export publication --apply`,
		Args: cobra.NoArgs,
		RunE: missingCommand,
	}
	exitTable(cmd, nil)
	cmd.AddCommand(newExportParquet(), newExportDbtSources(), newExportPublication())
	return cmd
}

func newExportParquet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "parquet",
		Short: "Keep the views as Parquet files, one a day",
		Long: `parquet writes what the views of schema analytics show as Parquet files, one for
each view, day and tenant: calls/date=2026-01-05/TENANT_ID.parquet, months by their
first day, and one file for all where a view knows no time. DuckDB, Fabric,
Snowflake, BigQuery, Databricks and pandas read them as they are.

--to takes a folder, s3://BUCKET/PATH or azblob://CONTAINER/PATH. Credentials come
from where other tools find them: AWS_ACCESS_KEY_ID and the like, AWS_PROFILE, the
machine's role; AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN
or a managed identity. A server of your own that speaks S3 is named so:
s3://BUCKET/PATH?endpoint=https://HOST&use_path_style=true

Repeated, it writes only the files of days that have changed since, rows that moved
to another day or went included. A file appears as a whole or not at all, and
one that is the same is left alone. Interrupted or killed, the next call goes on. Days
whose rows retention has deleted keep their files. After a promotion or a restore of
the database, and after a list of schema ref was edited, all is compared anew.

--follow goes on until Ctrl-C: soon after days have changed, and every --every.

--without leaves personal data out: identity (ids and names of people), numbers,
location (addresses and names of networks and machines), text (what somebody wrote).
A view each of whose rows is about a person is then left out as a whole.`,
		Example: `  ingestd export parquet --to /srv/teams
  ingestd export parquet --to s3://lake/teams --follow
  ingestd export parquet --to azblob://lake/teams --without identity,numbers,location,text
  ingestd export parquet --to . --view calls --view pstn_cost_daily --from 2026-01-01`,
		Args: cobra.NoArgs,
	}
	var o export.Options
	var chosen selection
	cmd.Flags().Var((*choice)(&o.To), "to", "folder or bucket to write to")
	cmd.Flags().StringSliceVar(&o.Views, "view", nil, "only this view; may be repeated (default all)")
	from := choiceFlag(cmd, "from", "first day, as 2026-01-31 (default as far back as there are rows)")
	until := choiceFlag(cmd, "until", "day after the last (default none)")
	without := cmd.Flags().StringSlice("without", nil, "personal data to leave out: "+classNames())
	follow := cmd.Flags().Bool("follow", false, "go on until stopped")
	every := cmd.Flags().Duration("every", 5*time.Minute, "with --follow: how long to wait at most between two passes")
	chosen.tenantFlag(cmd)
	exitTable(cmd, exitCodes{exitOK: "all files are up to date; with --follow: it was told to stop"})
	cmd.RunE = withSchema(func(cmd *cobra.Command, a *app) error {
		if o.To == "" {
			return usageOf(cmd, "--to is missing")
		}
		if err := readExportFlags(&o, a, &chosen, *from, *until, *without); err != nil {
			return err
		}
		if *every <= 0 {
			return errUsage("--every takes a time such as 5m")
		}
		return exportParquet(cmd, a, o, *follow, *every)
	})
	return cmd
}

// readExportFlags fills in the options from what the command line says.
func readExportFlags(
	o *export.Options, a *app, chosen *selection, from, until string, without []string,
) (err error) {
	of, err := chosen.of(a.config)
	if err != nil {
		return err
	}
	o.Tenant = of.Tenant
	if o.From, err = parseDay("from", from); err != nil {
		return err
	}
	if o.Until, err = parseDay("until", until); err != nil {
		return err
	}
	o.Without, err = parseClasses(without)
	return err
}

func parseDay(flag, text string) (day time.Time, err error) {
	if text == "" {
		return day, nil
	}
	if day, err = time.Parse(time.DateOnly, text); err != nil {
		return day, errUsage("--" + flag + " takes a day such as 2026-01-31")
	}
	return day, nil
}

func classNames() string {
	var names []string
	for _, c := range catalog.Classes {
		names = append(names, string(c))
	}
	return strings.Join(names, ",")
}

// parseClasses reads classes of personal data, in the order of catalog.Classes.
func parseClasses(names []string) (classes []catalog.Class, err error) {
	for _, name := range names {
		if !slices.Contains(catalog.Classes, catalog.Class(name)) {
			return nil, errUsage("--without takes some of " + classNames() + ", not " + name)
		}
	}
	for _, c := range catalog.Classes {
		if slices.Contains(names, string(c)) {
			classes = append(classes, c)
		}
	}
	return classes, nil
}

// exportParquet writes the files, once or until it is told to stop.
func exportParquet(cmd *cobra.Command, a *app, o export.Options, follow bool, every time.Duration) error {
	out := cmd.ErrOrStderr()
	p, err := export.NewParquet(cmd.Context(), a.db, o, func(v export.View) {
		if v.Written > 0 {
			fmt.Fprintf(out, "%-32s %6d files, %d rows\n", v.Name, v.Written, v.Rows)
		}
		if v.Nulled > 0 {
			fmt.Fprintf(out, "%s: %d values are null in the files: infinite times, numbers of more than 29 digits\n",
				v.Name, v.Nulled)
		}
	})
	if err != nil {
		return asMistake(err)
	}
	defer p.Close()
	if !follow {
		if err := p.Pass(cmd.Context()); err != nil {
			return asMistake(err)
		}
		_, err = fmt.Fprintln(out, "All files are up to date.")
		return err
	}
	p.Follow(cmd.Context(), every, func(err error) {
		at := time.Now().UTC().Format(time.TimeOnly)
		if err != nil {
			fmt.Fprintf(out, "%s it is tried again: %v\n", at, err)
			return
		}
		fmt.Fprintf(out, "%s all files are up to date\n", at)
	})
	return nil
}

// asMistake makes a mistake on the command line of what cannot be exported.
func asMistake(err error) error {
	var mistake export.Mistake
	if errors.As(err, &mistake) {
		return errUsage(err.Error())
	}
	return err
}

func newExportDbtSources() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dbt-sources",
		Short: "Print the views as sources for dbt",
		Long: `dbt-sources prints the views of schema analytics as a source of dbt, in YAML:
descriptions of views and columns, tests of their keys, and how fresh they have to
be, from when their endpoints were last read. It is made from what the database says
of itself, so print it again after an upgrade. dbt-core 1.10 or later reads it. Tests
look at the last days only, as what is older does not change.`,
		Example: `  ingestd export dbt-sources > models/analytics.yml
  dbt source freshness && dbt test --select source:analytics`,
		Args: cobra.NoArgs,
		RunE: withSchema(func(cmd *cobra.Command, a *app) error {
			return export.DbtSources(cmd.Context(), a.db, cmd.OutOrStdout())
		}),
	}
	exitTable(cmd, nil)
	return cmd
}

func newExportPublication() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "publication",
		Short: "Print or make a publication for logical replication, without personal data",
		Long: `publication prints the SQL of a publication of schema teams, with which another
PostgreSQL subscribes to the rows as they are stored, without columns that hold personal
data. --apply runs it; one of that name is changed. Columns that a later version
adds are not in it before it is made again.

--without says which personal data is left out: identity (ids and names of people),
numbers, location (addresses and names of networks and machines), text (what somebody
wrote, and what Graph serves without a column), or none. A subscriber finds rows by
their key, so a table whose key says whom a row is about is left out as a whole.`,
		Example: `  ingestd export publication
  ingestd export publication --name phones --without location,text --apply`,
		Args: cobra.NoArgs,
	}
	name := cmd.Flags().String("name", "ingestd", "name of the publication")
	without := cmd.Flags().StringSlice("without", strings.Split(classNames(), ","), "what to leave out, or none")
	apply := cmd.Flags().Bool("apply", false, "run the SQL")
	exitTable(cmd, nil)
	cmd.RunE = withSchema(func(cmd *cobra.Command, a *app) error {
		if slices.Equal(*without, []string{"none"}) {
			*without = nil
		}
		classes, err := parseClasses(*without)
		if err != nil {
			return err
		}
		if *name == "" {
			return errUsage("--name is empty")
		}
		return exportPublication(cmd, a, *name, classes, *apply)
	})
	return cmd
}

func exportPublication(cmd *cobra.Command, a *app, name string, without []catalog.Class, apply bool) error {
	p, err := export.NewPublication(cmd.Context(), a.db, name, without)
	if err != nil {
		return err
	}
	hints := cmd.ErrOrStderr()
	if len(p.LeftOut) > 0 {
		fmt.Fprintf(hints, "Left out, as their keys say whom a row is about: %s.\n", strings.Join(p.LeftOut, ", "))
	}
	if !p.IsLogical {
		fmt.Fprintln(hints, "Subscribers need wal_level = logical; the server has to be started anew with it.")
	}
	if !apply {
		_, err = fmt.Fprint(cmd.OutOrStdout(), p.SQL)
		return err
	}
	if err := p.Apply(cmd.Context(), a.db); err != nil {
		return err
	}
	_, err = fmt.Fprintf(hints, "Publication %s is up to date.\n", name)
	return err
}
