package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/tokens"
)

func (a *app) keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "keys", Short: "Make, rotate and list the keys that seal tokens",
		Long: `Make, rotate and list the keys of a keyset file, which seals continuation tokens. Who has
the file can make and open tokens: keep it as a secret, the same on all workers.`,
	}
	cmd.AddCommand(
		a.keysFileCommand("new", "Make a keyset file with one key",
			"Make a keyset file with one key, readable by its owner only. A file that is there is left alone.", a.newKeys),
		a.keysFileCommand("rotate", "Add a key that seals from now on",
			`Add a key that seals from now on; the others go on opening. Workers that have loaded the
old file refuse what the new key seals, until they are started again with the new one.`, a.rotateKeys),
		a.keysFileCommand("list", "List the keys, without revealing them",
			"List the keys, oldest first, without revealing them. With --output json one document a line.", a.listKeys),
	)
	return cmd
}

func (a *app) keysFileCommand(use, short, long string, do func(file string) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " FILE", Short: short, Long: long,
		Args: args(1, 1, "FILE"),
		RunE: func(_ *cobra.Command, args []string) error { return do(args[0]) },
	}
}

func (a *app) newKeys(file string) error {
	keys, err := tokens.Create(file)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and was left alone; this adds a key to it: perdure keys rotate %s", file, file)
	}
	if err != nil {
		return err
	}
	return a.printKeyset(file, "made", keys)
}

func (a *app) rotateKeys(file string) error {
	keys, err := tokens.RotateFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not there; this makes it: perdure keys new %s", file, file)
	}
	if err != nil {
		return err
	}
	return a.printKeyset(file, "rotated", keys)
}

func (a *app) printKeyset(file, done string, keys *tokens.Keyset) error {
	if a.json() {
		return a.printJSON(struct {
			File string           `json:"file"`
			Keys []tokens.KeyInfo `json:"keys"`
		}{file, keys.Keys()})
	}
	_, err := fmt.Fprintf(a.Stdout, "%s: %s, key %d seals\n", file, done, keys.PrimaryKeyID())
	return err
}

func (a *app) listKeys(file string) error {
	keys, err := tokens.LoadKeyset(file)
	if err != nil {
		return err
	}
	if a.json() {
		for _, key := range keys.Keys() {
			if err := a.printJSON(key); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tDOES")
	for _, key := range keys.Keys() {
		fmt.Fprintf(table, "%d\t%s\n", key.ID, keyWords(key))
	}
	return table.Flush()
}

func keyWords(key tokens.KeyInfo) string {
	var does []string
	if key.Primary {
		does = append(does, "seals")
	}
	if key.Status == tokens.KeyEnabled {
		does = append(does, "opens")
	}
	if len(does) == 0 {
		return "nothing (disabled)"
	}
	return strings.Join(does, ", ")
}
