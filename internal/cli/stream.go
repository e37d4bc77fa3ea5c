package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

func (a *app) streamCommand() *cobra.Command {
	var input streamFlags
	var printed eventFlags
	var shown progressFlags
	cmd := &cobra.Command{
		Use: "stream [METHOD URL|TOKEN]", Short: "Print every event of a stream, one a line, as it comes",
		Long: `Print every event of an event stream, one a line, as it comes: its data as text, or as a JSON
string where it has line breaks; with --output json the whole event. --text EXPRESSION prints
what the JMESPath gives of each event's data, and no line breaks between: a chat as it is
written. The worker records the stream: the same --id is the same stream for all who read
it, and --id alone reads one that is there, from its beginning or from the offset --from.
Ctrl-C stops the reading only, and prints how to go on.` + streamHelp,
		Example: `  perdure stream GET /events --service jobs --protocol sse
  perdure stream POST /chat/completions --service ai --protocol openai --data @chat.json \
    --text 'choices[0].delta.content'
  perdure stream --id chat-7 --from 512 --output json`,
		Args: args(0, 2, "METHOD URL, or a token, or --file F"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.waits = true
			d, err := printed.delivery(a, cmd)
			if err != nil {
				return err
			}
			if input.isIDOnly(args) {
				return a.streamOf(cmd.Context(), d, input.id, shown)
			}
			in, err := input.read(a, cmd, args)
			switch {
			case err != nil:
				return err
			case input.givesToken(args):
				return a.streamFromToken(cmd.Context(), d, in, shown)
			}
			return a.startStream(cmd.Context(), d, in, input.id, shown)
		},
	}
	input.flags(cmd)
	printed.flags(cmd)
	shown.flags(cmd)
	return cmd
}

// startStream starts a stream, or joins the one that has the id, and prints its events.
func (a *app) startStream(ctx context.Context, d *eventDelivery, in perdure.StreamInput, id string, shown progressFlags) error {
	session, err := a.openVerified(ctx, in.Token, wantStream(in))
	if err != nil {
		return err
	}
	defer session.close()
	if id == "" {
		id = newID() // so that it can be told, and looked at, before the first event is there
	}
	d.id = id
	return a.deliverEvents(ctx, d, shown, session.engine, func() (stream, error) {
		return session.engine.StartStream(ctx, in, &starter.StreamOptions{ID: id})
	})
}

// streamOf prints the events of a stream that is there.
func (a *app) streamOf(ctx context.Context, d *eventDelivery, id string, shown progressFlags) error {
	session, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	there, err := attach(ctx, session.engine, id)
	if err != nil {
		return about(id, err)
	}
	s, err := there.asStream("which has no events")
	if err != nil {
		return err
	}
	d.id = id
	return a.deliverEvents(ctx, d, shown, session.engine, func() (stream, error) { return s, nil })
}

// streamFromToken prints the events of the stream that a token names, which is taken up
// again where need be.
func (a *app) streamFromToken(ctx context.Context, d *eventDelivery, in perdure.StreamInput, shown progressFlags) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	token, err := tokens.Parse(in.Token)
	if err != nil {
		return err
	}
	header, err := token.Header()
	if err != nil {
		return err
	}
	keyset, err := s.verify(in.Token, wantStream(in)) // before anything is asked
	if err != nil {
		return err
	}
	session, err := a.connect(ctx, s, keyset)
	if err != nil {
		return err
	}
	defer session.close()
	d.id = header.WorkflowID // for what is shown, until a worker has verified it where there is no keyset here
	return a.deliverEvents(ctx, d, shown, session.engine, func() (stream, error) {
		return session.engine.RehydrateStream(ctx, token, &starter.RehydrateOptions{Type: in.Type, Audience: in.Audience, Service: in.Service})
	})
}

// wantStream is what the token of an input must be.
func wantStream(in perdure.StreamInput) tokens.Expect {
	return tokens.Expect{Kind: tokens.KindStream, Type: in.Type, Audience: in.Audience, Service: in.Service}
}

// deliverEvents prints the events of what begin gives, and how it goes meanwhile.
func (a *app) deliverEvents(ctx context.Context, d *eventDelivery, shown progressFlags, e engine, begin func() (stream, error)) error {
	stop := a.followPrinted(ctx, shown, d.id, atStream(func(ctx context.Context) (stream, error) { return e.AttachStream(ctx, d.id) }))
	s, err := begin()
	switch {
	case err == nil:
		err = d.deliver(ctx, s)
	case s != nil:
		err = d.brokenOff(ctx, err)
	}
	stop()
	switch {
	case errors.Is(err, errSeenEnough):
		return nil
	case err != nil:
		return err
	}
	shown.note(a.Stderr, "%s: %s", d.id, count(d.printed, "event"))
	return nil
}
