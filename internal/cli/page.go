package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

func (a *app) pageCommand() *cobra.Command {
	var input collectionFlags
	var shown progressFlags
	var values bool
	cmd := &cobra.Command{
		Use: "page " + collectionUse, Short: "Fetch one page of a collection, and print it",
		Long: `Fetch one page of a paged collection, the first or the one that a token names, and print its
items; with --output json the whole page, with the tokens of itself and of the next. Ctrl-C
gives the fetch up.` + collectionHelp,
		Example: `  perdure page GET /items --service jobs
  perdure page --token-file next.token --output json`,
		Args: args(0, 2, "METHOD URL, or a token, or --file F"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.waits = true
			in, err := input.read(a, cmd, args)
			if err != nil {
				return err
			}
			return a.page(cmd.Context(), in, shown, values)
		},
	}
	input.flags(cmd)
	cmd.Flags().BoolVar(&values, "values", false, "print one item a line")
	shown.flags(cmd)
	return cmd
}

func (a *app) page(ctx context.Context, in perdure.CollectionInput, shown progressFlags, values bool) error {
	session, err := a.openVerified(ctx, in.Token, wantPage(in))
	if err != nil {
		return err
	}
	defer session.close()
	reminder := time.AfterFunc(patience, func() {
		shown.note(a.Stderr, "no page yet; the service may be slow, or no worker runs")
	})
	p, err := session.engine.GetPage(ctx, in)
	reminder.Stop()
	switch {
	case err != nil && ctx.Err() != nil:
		return &typedError{kind: typeStopped, message: "stopped; the page is not fetched any more"}
	case err != nil:
		return ofCollection(err)
	case a.json(), values:
		err = a.printPage(p, values)
	default:
		err = a.printPretty(valuesOf(p))
	}
	if err != nil || a.json() {
		return err
	}
	notePage(func(format string, values ...any) { shown.note(a.Stderr, format, values...) }, p)
	return nil
}

// notePage tells how to go on after a page.
func notePage(note func(format string, values ...any), p *page) {
	for _, t := range []struct {
		words string
		token tokens.Token
	}{{"this page again", p.PageToken}, {"the next page", p.NextPageToken}} {
		if !t.token.IsZero() {
			command := append([]string{"perdure page", t.token.Text()}, tokenWants(t.token)...)
			note("%s: %s", t.words, strings.Join(command, " "))
		}
	}
	switch {
	case p.Last:
		note("this is the last page")
	case p.NextPageToken.IsZero():
		note(`there are more; where the next one is does not fit into a token, and "perdure pages" goes through all`)
	}
}

// wantPage is what the token of an input must be.
func wantPage(in perdure.CollectionInput) tokens.Expect {
	return tokens.Expect{Kind: tokens.KindPage, Type: in.Type, Audience: in.Audience, Service: in.Service}
}
