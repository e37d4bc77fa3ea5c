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
	return a.looker("token", "Print an operation's continuation token",
		`Print an operation's continuation token: who has it, and the keyset, takes the operation up
again in any process, also when the workflow is gone. A collection's, by its id, is the one
of its next page, after all that were fetched; a stream's goes on after the events that are
there. Keep it as a secret.`,
		looks{
			operation: func(ctx context.Context, op operation) error { return a.printTokenOf(ctx, op) },
			collection: func(ctx context.Context, c collection) error {
				err := a.printTokenOf(ctx, c)
				if errors.Is(err, starter.ErrNoToken) {
					err = &typedError{kind: typeNoToken, message: "there is no next page, or the first has not come yet"}
				}
				return err
			},
			stream: func(ctx context.Context, s stream) error { return a.printTokenOf(ctx, s) },
		})
}

// tokenHolder has a token of its own.
type tokenHolder interface {
	Token(ctx context.Context) (tokens.Token, error)
}

func (a *app) printTokenOf(ctx context.Context, holder tokenHolder) error {
	token, err := holder.Token(ctx)
	if err != nil {
		return err
	}
	return a.printToken(token)
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
