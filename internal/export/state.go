package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"ingestd/internal/catalog"
)

// stateFile lies in the folder of a view. Readers of Parquet pass over names that
// begin so.
const stateFile = "/_ingestd.json"

// A state is what is known of the files of a view. It is written after them, and
// before the first of them it says so, so that one that is killed leaves no lie.
type state struct {
	View      string           `json:"view"`
	Without   []catalog.Class  `json:"without,omitempty"` // personal data left out
	Mark      uint64           `json:"mark"`              // the last transaction whose days are in the files
	Epoch     string           `json:"epoch"`             // what transactions are counted in
	WrittenAt time.Time        `json:"written_at"`
	Doubted   bool             `json:"doubted,omitempty"` // files are being replaced
	Files     map[string]entry `json:"files"`
}

// An entry is what is known of a file. One without rows has no file.
type entry struct {
	contents
	Mark       uint64 `json:"mark"`       // the transaction that last changed what is in the file
	Generation string `json:"generation"` // files of another one are written anew
}

// readState reads the state of a view; an empty one if there is none.
func readState(ctx context.Context, b *blob.Bucket, view string) (*state, error) {
	s := &state{View: view, Files: map[string]entry{}}
	text, err := b.ReadAll(ctx, view+stateFile)
	if gcerrors.Code(err) == gcerrors.NotFound || err == nil && len(text) == 0 { // a loss of power leaves it so
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, s); err != nil || s.Files == nil {
		return nil, errors.Join(fmt.Errorf("%s is not a state of this program; delete it to have all files compared, "+
			"or choose another folder", view+stateFile), err)
	}
	return s, nil
}

func (s *state) write(ctx context.Context, b *blob.Bucket) error {
	s.WrittenAt = time.Now().UTC().Truncate(time.Second)
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return b.WriteAll(ctx, s.View+stateFile, text, nil)
}
