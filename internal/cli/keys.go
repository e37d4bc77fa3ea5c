package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/tokens"
)

func (a *app) keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "keys", Short: "Make, rotate and list the keys that seal tokens",
		Long: `Make, rotate and list the keys of a keyset file, which seals continuation tokens. Who has
the file can make and open tokens: keep it as a secret, the same on all workers. Workers,
and services in Go, notice within about a second when the file has changed.`,
	}
	cmd.AddCommand(
		a.newKeysCommand(),
		a.rotateKeysCommand(),
		a.retireKeyCommand(),
		a.keysFileCommand("list", "List the keys, without revealing them",
			"List the keys, oldest first, without revealing them. With --output json one document a line.", a.listKeys),
		a.verifyTokenCommand(),
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

func (a *app) newKeysCommand() *cobra.Command {
	var ifMissing bool
	cmd := a.keysFileCommand("new", "Make a keyset file with one key",
		"Make a keyset file with one key, readable by its owner only. A file that is there is left alone.",
		func(file string) error { return a.newKeys(file, ifMissing) })
	cmd.Flags().BoolVar(&ifMissing, "if-missing", false, "a keyset that is there already is as good")
	return cmd
}

func (a *app) newKeys(file string, ifMissing bool) error {
	keys, err := tokens.Create(file)
	if errors.Is(err, fs.ErrExist) && ifMissing {
		if keys, err = tokens.LoadKeyset(file); err != nil {
			return err
		}
		return a.printKeyset(file, "was there", keys)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and was left alone; this adds a key to it: perdure keys rotate %s", file, file)
	}
	if err != nil {
		return err
	}
	return a.printKeyset(file, "made", keys)
}

// rotateWait is a few times as long as a keyset takes to notice that its file has changed.
const rotateWait = 5 * time.Second

// rotation is which steps of one are taken.
type rotation struct {
	add, promote bool
	wait         time.Duration
}

func (a *app) rotateKeysCommand() *cobra.Command {
	var r rotation
	cmd := &cobra.Command{
		Use: "rotate FILE", Short: "Add a key, and seal with it once all have it",
		Long: `Rotate in two steps, so that nobody meets a token of a key that it does not have: add a
key that only opens; then, when every worker and service has the file, promote it: it seals
from now on. The others go on opening.

Where all of them read this very file, one call does both, with a short wait between. Where
the file is copied to them: rotate --add, copy it everywhere, rotate --promote, copy it
again. A step that was taken already does nothing, so that it can be repeated.`,
		Example: "  perdure keys rotate keyset.json --add",
		Args:    args(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if r.add && r.promote {
				return usagef("%s: --add is set beside --promote, want one of them, or none for both steps", named(cmd))
			}
			return a.rotateKeys(cmd.Context(), args[0], r)
		},
	}
	cmd.Flags().BoolVar(&r.add, "add", false, "the first step only: add a key that opens")
	cmd.Flags().BoolVar(&r.promote, "promote", false, "the second step only: seal with the key that was added")
	cmd.Flags().DurationVar(&r.wait, "wait", rotateWait, "how long all may take to notice the new file, between the steps")
	return cmd
}

func (a *app) rotateKeys(ctx context.Context, file string, r rotation) error {
	if !r.promote {
		keys, err := tokens.AddKey(file)
		if err != nil || r.add {
			return a.changedKeys(file, "a key waits to be promoted", keys, err)
		}
		if err := pause(ctx, r.wait); err != nil {
			return fmt.Errorf("%w; the key that was added waits for: perdure keys rotate --promote %s", err, file)
		}
	}
	keys, err := tokens.PromoteKey(file)
	return a.changedKeys(file, "rotated", keys, err)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

func (a *app) retireKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "retire FILE KEY", Short: "Have a key open nothing any more",
		Long: `Have a key open nothing any more, by its id, as "perdure keys list" has it. What it alone
opens is lost: wait until the rotation is longer ago than the tokens' lifetime, unless the
key has leaked. The key that seals cannot be retired.`,
		Example: "  perdure keys retire keyset.json 1403212567",
		Args:    args(2, 2, "FILE KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseUint(args[1], 10, 32)
			if err != nil {
				return usagef("%s: %q is no key's id; this lists them: perdure keys list %s", named(cmd), args[1], args[0])
			}
			keys, err := tokens.RetireKey(args[0], uint32(id))
			return a.changedKeys(args[0], "retired key "+args[1], keys, err)
		},
	}
}

// changedKeys prints what a step has come to.
func (a *app) changedKeys(file, done string, keys *tokens.Keyset, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not there; this makes it: perdure keys new %s", file, file)
	}
	if err != nil {
		return err
	}
	return a.printKeyset(file, done, keys)
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
	fmt.Fprintln(table, "KEY\tDOES\tCREATED")
	for _, key := range keys.Keys() {
		fmt.Fprintf(table, "%d\t%s\t%s\n", key.ID, keyWords(key), createdWords(key))
	}
	return table.Flush()
}

func keyWords(key tokens.KeyInfo) string {
	switch {
	case key.Status != tokens.KeyEnabled:
		return "nothing (retired)"
	case key.Primary:
		return "seals, opens"
	case key.Pending:
		return "opens (pending)"
	}
	return "opens"
}

func createdWords(key tokens.KeyInfo) string {
	if key.Created.IsZero() {
		return "unknown"
	}
	return key.Created.Format(time.RFC3339)
}
