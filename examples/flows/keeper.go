package flows

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Keeper writes pages into a directory.
type Keeper struct{ Dir string }

// KeepInput is a page to be kept.
type KeepInput struct {
	Number int               `json:"number"`
	Values []json.RawMessage `json:"values"`
}

// Keep writes a page into a file. An activity is tried again when its worker died, perhaps
// after it had done its work: a file that is replaced by the same one makes that once.
func (k *Keeper) Keep(_ context.Context, in KeepInput) error {
	raw, err := json.Marshal(in.Values)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(k.Dir, "unfinished-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // none is left, where it was renamed
	if _, err := file.Write(raw); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(k.Dir, fmt.Sprintf("page-%06d.json", in.Number)))
}
