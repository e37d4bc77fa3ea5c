package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) tokenCommand() *cobra.Command {
	return a.looker("token", "Print an operation's continuation token",
		`Print an operation's continuation token: who has it, and the keyset, takes the operation up
again in any process, also when the workflow is gone. Keep it as a secret.`,
		func(ctx context.Context, op operation) error {
			token, err := op.Token(ctx)
			if err != nil {
				return err
			}
			if a.json() {
				return a.printJSON(struct {
					Token string `json:"token"`
				}{token.Text()})
			}
			_, err = fmt.Fprintln(a.Stdout, token.Text())
			return err
		})
}
