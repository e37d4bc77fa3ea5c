package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

func (a *app) tokenCommand() *cobra.Command {
	return a.lookerAtBoth("token", "Print an operation's continuation token",
		`Print an operation's continuation token: who has it, and the keyset, takes the operation up
again in any process, also when the workflow is gone. A collection's, by its id, is the one
of its next page, after all that were fetched. Keep it as a secret.`,
		func(ctx context.Context, op operation) error {
			token, err := op.Token(ctx)
			if err != nil {
				return err
			}
			return a.printToken(token)
		},
		func(ctx context.Context, c collection) error {
			token, err := c.Token(ctx)
			if errors.Is(err, starter.ErrNoToken) {
				return &typedError{kind: typeNoToken, message: "there is no next page, or the first has not come yet"}
			}
			if err != nil {
				return err
			}
			return a.printToken(token)
		})
}

func (a *app) printToken(token tokens.Token) error {
	if a.json() {
		return a.printJSON(struct {
			Token string `json:"token"`
		}{token.Text()})
	}
	_, err := fmt.Fprintln(a.Stdout, token.Text())
	return err
}
