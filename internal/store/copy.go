package store

import "ingestd/internal/mapping"

// encode writes rows of the stage in COPY's binary format.
func (s *save) encode(todo []int) []byte {
	out := appendCopyHeader(make([]byte, 0, s.size(todo)))
	for _, i := range todo {
		e := s.batch.Elements[i]
		for row := range s.batch.Rows(i, 0) {
			out = append(out, byte(s.fields>>8), byte(s.fields))
			out = mapping.AppendField(out, s.Tenant[:])
			if s.Aggregate {
				out = mapping.AppendField(out, mapping.AppendTime(nil, s.window.From))
				out = mapping.AppendField(out, mapping.AppendTime(nil, s.window.To))
			}
			out = mapping.AppendField(out, mapping.AppendTime(nil, e.At))
			out = mapping.AppendField(out, appendInt8(nil, s.ID))
			out = mapping.AppendField(out, appendInt8(nil, e.Hash))
			out = append(out, row...)
		}
	}
	return append(out, copyEnd...)
}

// COPY's binary format is a header, for each row the number of fields and the
// fields, and an end mark (PostgreSQL manual, COPY).
func appendCopyHeader(dst []byte) []byte {
	return append(append(dst, "PGCOPY\n\xff\r\n\x00"...), 0, 0, 0, 0, 0, 0, 0, 0)
}

const copyEnd = "\xff\xff"

// size bounds the bytes of encode: to grow into megabytes by and by would leave
// several times as many behind.
func (s *save) size(todo []int) int {
	size := 32 // for header and end mark
	for _, i := range todo {
		for row := range s.batch.Rows(i, 0) {
			size += len(row) + 96 // for the columns in front
		}
	}
	return size
}

func appendInt8(dst []byte, n int64) []byte {
	return append(dst, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// encodeChildren writes an element's rows of a child table in COPY's binary
// format; nil if there are none.
func (run *Run) encodeChildren(batch *mapping.Batch, table int) (out []byte) {
	size := 0
	for row := range batch.Rows(0, table) {
		size += len(row) + 2 + 4 + len(run.Tenant)
	}
	if size == 0 {
		return nil
	}
	fields := 1 + len(run.Model.Tables[table].Columns)
	out = appendCopyHeader(make([]byte, 0, size+32))
	for row := range batch.Rows(0, table) {
		out = append(mapping.AppendField(append(out, byte(fields>>8), byte(fields)), run.Tenant[:]), row...)
	}
	return append(out, copyEnd...)
}
