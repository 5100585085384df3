// Package mapping turns JSON elements into rows and rows back into elements.
//
// A model is declared once, one line per column, JSON name and SQL name side by side, with a handful of words: Table,
// Key, Else, HashKey, Col, List, Derived, In, OneOf, Side and Rows. From the declaration follow the encoding of rows
// for PostgreSQL's binary COPY, the hash by which unchanged elements are told from changed ones, the keeping of
// everything the declaration does not name, and the rebuilding of the served element.
//
// Nothing is dropped in silence. A value that does not fit its column (a misfit) leaves the column NULL and stays,
// under its own name and nesting, in the row's unknown_fields, next to the members the declaration does not know. Only
// a misfit in a key makes an element unstorable.
//
// The package knows JSON and PostgreSQL's binary formats. It must not know HTTP, connections, tenants or the addresses
// of the API.
package mapping
