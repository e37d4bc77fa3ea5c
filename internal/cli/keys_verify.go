package cli

import (
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/tokens"
)

func (a *app) verifyTokenCommand() *cobra.Command {
	var o operand
	var want tokens.Expect
	cmd := &cobra.Command{
		Use: "verify FILE TOKEN", Short: "Verify a token, and say what it is for",
		Long: `Verify a token with a keyset, and say what it is for, without asking anybody. A type and an
audience are demanded both ways: one that the token has and that is not asked for refuses
it. Where there is a configuration, so does its tokens.lifetimeSeconds.

Arguments show up in process lists: give the token by --token-file F, or by - on standard
input.`,
		Example: "  perdure keys verify keyset.json --token-file operation.token --audience tenant-a",
		Args:    args(1, 2, "FILE, and a token (or - for standard input, or --token-file)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := o.text(a, cmd, args[1:])
			if err != nil {
				return err
			}
			want.Type, want.Audience, want.Now = o.want.Type, o.want.Audience, time.Now()
			return a.verifyToken(args[0], text, want)
		},
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&want.Service, "service", "", "service that the token must be of (default any)")
	cmd.Flags().StringVar((*string)(&want.Kind), "kind", string(tokens.KindOperation), "operation, page or stream")
	complete(cmd, "kind", string(tokens.KindOperation), string(tokens.KindPage), string(tokens.KindStream))
	return cmd
}

func (a *app) verifyToken(file, text string, want tokens.Expect) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	want.Lifetime = s.lifetime
	keys, err := tokens.LoadKeyset(file)
	if err != nil {
		return err
	}
	token, err := tokens.Parse(text)
	if err != nil {
		return err
	}
	opened, err := keys.Open(token, want)
	if err != nil {
		return err
	}
	if a.json() {
		return a.printJSON(opened.Header)
	}
	return a.printHeader(opened.Header)
}

// printHeader prints what a header has, by the names of its JSON.
func (a *app) printHeader(h tokens.Header) error {
	table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"kind", string(h.Kind)},
		{"workflowId", h.WorkflowID},
		{"namespace", h.Namespace},
		{"service", h.Service},
		{"protocol", h.Protocol},
		{"type", h.Type},
		{"audience", h.Audience},
		{"issuedAt", h.IssuedAt.Format(time.RFC3339)},
		{"keyId", strconv.FormatUint(uint64(h.KeyID), 10)},
	} {
		if row[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], oneLine(row[1]))
		}
	}
	return table.Flush()
}
