package transcript_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/transcript"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

func Example() {
	temporal, err := client.Dial(client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer temporal.Close()
	keyset, err := tokens.LoadKeyset("keyset.json")
	if err != nil {
		log.Fatal(err)
	}
	c, err := starter.New(temporal, starter.Options{Keyset: keyset})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	transcripts := transcript.New(c)

	op, err := transcripts.Create(ctx, transcript.Params{AudioURL: "https://example.com/talk.mp3"}, nil)
	if err != nil {
		log.Fatal(err) // the service refused it, or nobody could be asked
	}
	text, err := op.Wait(ctx, &starter.WaitOptions{Interval: 5 * time.Second})
	var broken *transcript.Error
	switch {
	case errors.As(err, &broken):
		fmt.Println("it broke at second", broken.AtSecond)
	case errors.Is(err, perdure.ErrCanceled):
		fmt.Println("somebody stopped it")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(text.Text)
	}
}
