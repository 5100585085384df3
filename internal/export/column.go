package export

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/parquet-go/parquet-go"

	"ingestd/internal/catalog"
)

// A kind says how values of a type of PostgreSQL are asked for and what they
// become in Parquet.
type kind struct {
	node parquet.Node
	sql  string // makes of a column, %s, what is asked for; empty: the column itself
	of   func(raw []byte) parquet.Value
}

// Numbers of money and ratios have no scale of their own. They get nine digits
// behind the point, and 29 before it: that is as many as the usual type for money
// of every warehouse takes, and text could not be summed up.
const decimalDigits, decimalScale = 38, 9

// kinds are the types that views have. A uuid becomes text, as not every reader
// knows Parquet's UUID. Text is also what stands for any other type.
var kinds = map[string]kind{
	"boolean": {node: parquet.Leaf(parquet.BooleanType), of: func(raw []byte) parquet.Value {
		return parquet.BooleanValue(raw[0] != 0)
	}},
	"smallint": {node: parquet.Int(32), of: func(raw []byte) parquet.Value {
		return parquet.Int32Value(int32(int16(binary.BigEndian.Uint16(raw))))
	}},
	"integer": {node: parquet.Int(32), of: func(raw []byte) parquet.Value {
		return parquet.Int32Value(int32(binary.BigEndian.Uint32(raw)))
	}},
	"bigint": {node: parquet.Int(64), of: func(raw []byte) parquet.Value {
		return parquet.Int64Value(int64(binary.BigEndian.Uint64(raw)))
	}},
	"double precision": {node: parquet.Leaf(parquet.DoubleType), of: func(raw []byte) parquet.Value {
		return parquet.DoubleValue(math.Float64frombits(binary.BigEndian.Uint64(raw)))
	}},
	"date": {node: parquet.Date(), of: func(raw []byte) parquet.Value {
		days := int32(binary.BigEndian.Uint32(raw))
		if days == math.MinInt32 || days > math.MaxInt32-daysTo2000 {
			return parquet.NullValue() // infinite
		}
		return parquet.Int32Value(days + daysTo2000)
	}},
	"timestamp with time zone":    {node: parquet.TimestampAdjusted(parquet.Microsecond, true), of: microseconds},
	"timestamp without time zone": {node: parquet.TimestampAdjusted(parquet.Microsecond, false), of: microseconds},
	"numeric": {
		node: parquet.Decimal(decimalScale, decimalDigits, parquet.FixedLenByteArrayType(16)),
		sql:  fmt.Sprintf("round(%%s, %d)::text", decimalScale), of: decimal,
	},
	"text": {
		node: parquet.Encoded(parquet.String(), &parquet.RLEDictionary),
		sql:  "%s::text", of: parquet.ByteArrayValue,
	},
}

// PostgreSQL counts from 2000, Parquet from 1970.
const daysTo2000, microsecondsTo2000 = 10_957, 10_957 * 86_400_000_000

func microseconds(raw []byte) parquet.Value {
	n := int64(binary.BigEndian.Uint64(raw))
	if n == math.MinInt64 || n > math.MaxInt64-microsecondsTo2000 {
		return parquet.NullValue() // infinite, or in the year 294247 or later
	}
	return parquet.Int64Value(n + microsecondsTo2000)
}

var tooLarge = new(big.Int).Exp(big.NewInt(10), big.NewInt(decimalDigits), nil)

// decimal reads a number with decimalScale digits behind its point. One that has
// too many before it becomes null.
func decimal(raw []byte) parquet.Value {
	n, ok := new(big.Int).SetString(strings.Replace(string(raw), ".", "", 1), 10)
	if !ok || n.CmpAbs(tooLarge) >= 0 {
		return parquet.NullValue()
	}
	if n.Sign() < 0 { // as two's complement
		n.Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return parquet.FixedLenByteArrayValue(n.FillBytes(make([]byte, 16)))
}

// kindOf is the kind of a column.
func kindOf(c catalog.Column) kind {
	name, _, _ := strings.Cut(c.Type, "(") // numeric(5,2)
	if k, ok := kinds[name]; ok {
		return k
	}
	return kinds["text"]
}

// selected is what is asked for to get a column.
func selected(c catalog.Column) string {
	name := pgx.Identifier{c.Name}.Sanitize()
	if k := kindOf(c); k.sql != "" {
		return fmt.Sprintf(k.sql, name)
	}
	return name
}

// schemaOf is the Parquet schema of a view. Every column may be null.
func schemaOf(view catalog.Relation) *parquet.Schema {
	g := &group{Group: parquet.Group{}}
	for _, c := range view.Columns {
		g.Group[c.Name] = parquet.Optional(kindOf(c).node)
		g.names = append(g.names, c.Name)
	}
	return parquet.NewSchema(view.Name, g)
}

// A group keeps its columns in order; the library's own sorts them by name.
type group struct {
	parquet.Group
	names []string
}

func (g *group) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(g.names, a.Name()) - slices.Index(g.names, b.Name())
	})
	return fields
}

// GoType is asked for by the library, which never makes a value of it here.
func (g *group) GoType() reflect.Type { return g.Group.GoType() }
