package export_test

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// values are the rows of a file, with decimals as text.
func values(t testing.TB, name string) (all [][]any) {
	t.Helper()
	file := open(t, name)
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 100)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				var line []any
				for _, v := range row {
					line = append(line, plain(v))
				}
				all = append(all, line)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		rows.Close()
	}
	return all
}

// plain is a value of Parquet as one of Go.
func plain(v parquet.Value) any {
	switch v.Kind() {
	case parquet.Boolean:
		return v.Boolean()
	case parquet.Int32:
		return v.Int32()
	case parquet.Int64:
		return v.Int64()
	case parquet.Double:
		if math.IsNaN(v.Double()) {
			return "NaN"
		}
		return v.Double()
	case parquet.ByteArray:
		return string(v.ByteArray())
	case parquet.FixedLenByteArray:
		n := new(big.Int).SetBytes(v.ByteArray())
		if n.Bit(127) == 1 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
		}
		whole, rest := new(big.Int).QuoRem(n, big.NewInt(1e9), new(big.Int))
		sign := ""
		if n.Sign() < 0 {
			sign = "-"
		}
		return fmt.Sprintf("%s%s.%09d", sign, whole.Abs(whole), rest.Abs(rest))
	}
	return nil
}
