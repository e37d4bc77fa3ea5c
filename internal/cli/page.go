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
	session, err := a.openPages(ctx, in)
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

// openPages connects. The input's token, if it has one, is verified before anything is
// asked; where there is no keyset here, the worker does that.
func (a *app) openPages(ctx context.Context, in perdure.CollectionInput) (*session, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	var keyset *tokens.Keyset
	if in.Token != "" {
		if keyset, err = s.verifyPage(in); err != nil {
			return nil, err
		}
	}
	return a.connect(ctx, s, keyset)
}

// verifyPage verifies the token of a page and gives the keyset that did; nil: there is
// none.
func (s *settings) verifyPage(in perdure.CollectionInput) (*tokens.Keyset, error) {
	token, err := tokens.Parse(in.Token)
	if err != nil || s.keysetFile == "" {
		return nil, err
	}
	keyset, err := s.keyset()
	if err != nil {
		return nil, err
	}
	_, err = keyset.Open(token, tokens.Expect{
		Kind: tokens.KindPage, Type: in.Type, Audience: in.Audience, Service: in.Service, Lifetime: s.lifetime, Now: time.Now(),
	})
	return keyset, err
}
