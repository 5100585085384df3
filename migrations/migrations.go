// Package migrations holds the database schema as numbered SQL files, one pair
// per table family. It knows nothing but the files.
//
// Each file runs as one transaction and ends by noting its version as the
// comment of schema ingest, so that an interrupted migration can be told from
// a finished one.
package migrations

import "embed"

// Files are the migrations, named as golang-migrate wants them.
//
//go:embed *.sql
var Files embed.FS
