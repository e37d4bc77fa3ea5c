package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

func (a *app) pagesCommand() *cobra.Command {
	var input collectionFlags
	var shown progressFlags
	var values bool
	cmd := &cobra.Command{
		Use: "pages " + collectionUse, Short: "Print every page of a collection, one a line, as it comes",
		Long: `Print every page of a paged collection, one a line, as it comes; with --values every item,
one a line. Each page has the token of the next (--output json shows it), and --from goes on
there, in any process. Ctrl-C, or an error between two pages, prints that token last. The
same --id is the same collection, whose pages are fetched once for all who read it; --id
alone reads one that is there.` + collectionHelp,
		Example: `  perdure pages GET /items --service jobs --values
  perdure pages --file items.yaml --max-pages 10 --output json
  perdure pages --token-file next.token`,
		Args: args(0, 2, "METHOD URL, or a token, or --file F"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.waits = true
			if input.isIDOnly(args) {
				return a.pagesOf(cmd.Context(), input.id, shown, values)
			}
			in, err := input.read(a, cmd, args)
			if err != nil {
				return err
			}
			return a.pages(cmd.Context(), in, input.id, shown, values)
		},
	}
	cmd.Flags().StringVar(&input.tokenText, "from", "", "a page's `token`: goes on there (- is standard input)")
	input.flags(cmd)
	cmd.Flags().StringVar(&input.id, "id", "", "workflow `id`: the same id is the same collection (default a new one)")
	cmd.Flags().IntVar(&input.maxPages, "max-pages", 0, "at most so many pages; 0: all")
	cmd.Flags().BoolVar(&values, "values", false, "print one item a line, and not one page")
	shown.flags(cmd)
	return cmd
}

// pages starts a collection, or joins the one that has the id, and prints its pages.
func (a *app) pages(ctx context.Context, in perdure.CollectionInput, id string, shown progressFlags, values bool) error {
	session, err := a.openVerified(ctx, in.Token, wantPage(in))
	if err != nil {
		return err
	}
	defer session.close()
	if id == "" {
		id = newID() // so that it can be told, and looked at, before the first page is there
	}
	d := &delivery{a: a, id: id, values: values, maxPages: in.MaxPages}
	if err := d.next.UnmarshalText([]byte(in.Token)); err != nil {
		return err
	}
	return a.deliver(ctx, d, shown, session.engine, func() (collection, error) {
		return session.engine.StartCollection(ctx, in, &starter.CollectionOptions{ID: id})
	})
}

// pagesOf prints the pages of a collection that is there.
func (a *app) pagesOf(ctx context.Context, id string, shown progressFlags, values bool) error {
	session, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	there, err := attach(ctx, session.engine, id)
	if err != nil {
		return about(id, err)
	}
	c, err := there.asCollection("which has no pages")
	if err != nil {
		return err
	}
	d := &delivery{a: a, id: id, values: values}
	return a.deliver(ctx, d, shown, session.engine, func() (collection, error) { return c, nil })
}

// deliver prints the pages of what begin gives, and how it goes meanwhile.
func (a *app) deliver(ctx context.Context, d *delivery, shown progressFlags, e engine, begin func() (collection, error)) error {
	stop := a.followPrinted(ctx, shown, d.id, atCollection(func(ctx context.Context) (collection, error) { return e.AttachCollection(ctx, d.id) }))
	c, err := begin()
	switch {
	case err == nil:
		err = d.deliver(ctx, c)
	case c != nil:
		err = d.brokenOff(ctx, err)
	}
	stop()
	switch {
	case errors.Is(err, errSeenEnough):
		return nil
	case err != nil:
		return err
	}
	shown.note(a.Stderr, "%s: %s, %s", d.id, count(d.pages, "page"), count(d.items, "item"))
	if command := d.goOn(); command != "" && (d.values || !a.json()) {
		shown.note(a.Stderr, "there are more, go on with: %s", command)
	}
	return nil
}
