package protocol_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
	"github.com/perdure-dev/perdure/activities/protocol/waiter"
)

func answered(method, url, body string) protocol.Exchange {
	return protocol.Exchange{Method: method, URL: url, Status: http.StatusOK, Header: http.Header{}, Body: []byte(body)}
}

// An operation as a worker goes through it: the protocol says what an answer means, and
// what to ask next. It sends nothing itself.
func ExampleProtocol() {
	registry, err := protocol.NewRegistry(openai.Protocol{}, google.Protocol{})
	if err != nil {
		fmt.Println(err)
		return
	}
	start := answered("POST", "https://api.openai.com/v1/batches", `{"id":"batch_1","object":"batch","status":"validating"}`)
	name, bound, _ := registry.Detect(start)
	step, err := bound.Started(start)
	fmt.Println(name, step.RemoteID, step.Outcome, err)

	ask, err := bound.Next(step.State)
	fmt.Println(ask.Method, ask.URL, err)
	step, err = bound.Answered(step.State, answered(ask.Method, ask.URL, `{"id":"batch_1","object":"batch","status":"completed"}`))
	fmt.Println(step.Outcome, step.Ended(), step.Outcome == protocol.Succeeded, err)
	// Output:
	// openai batch_1 running <nil>
	// GET https://api.openai.com/v1/batches/batch_1 <nil>
	// succeeded true true <nil>
}

// What some protocols can do beside: a Bound has it as further methods.
func ExampleBound() {
	for _, p := range []protocol.Protocol{openai.Protocol{}, google.Protocol{}} {
		bound, err := p.Bind(nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, paces := bound.(protocol.Pacer)
		_, retries := bound.(protocol.Retrier)
		_, keyed := bound.(protocol.Keyer)
		_, refuses := bound.(protocol.Refuser)
		_, adopts := bound.(protocol.Adopter)
		fmt.Printf("%s: paces %t, retries %t, keyed %t, refuses %t, adopts %t\n", p.Name(), paces, retries, keyed, refuses, adopts)
	}
	// Output:
	// openai: paces false, retries true, keyed false, refuses false, adopts true
	// google: paces true, retries false, keyed true, refuses false, adopts true
}

// An operation that others started is taken over.
func ExampleAdopter() {
	bound, err := openai.Protocol{}.Bind(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if adopter, ok := bound.(protocol.Adopter); ok {
		step, err := adopter.Adopt(perdure.Adoption{Operation: "batch_1", Collection: "/batches"})
		if err != nil {
			fmt.Println(err)
			return
		}
		ask, err := bound.Next(step.State)
		fmt.Println(ask.Method, ask.URL, err)
	}
	// Output:
	// GET /batches/batch_1 <nil>
}

// The pages of a list: each answer says where the next is.
func ExamplePager() {
	var pager protocol.Pager = google.Pager{}
	pagers, err := protocol.NewPagers(pager)
	if err != nil {
		fmt.Println(err)
		return
	}
	paging, err := pagers.Bind("google", json.RawMessage(`{"items":"instances"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := paging.Read(answered("GET", "https://redis.googleapis.com/v1/instances", `{"instances":[{"name":"a"}],"nextPageToken":"t1"}`))
	fmt.Printf("%s %v\n", page.Values, err)
	next, err := paging.Ask(protocol.Ask{Method: "GET", URL: "https://redis.googleapis.com/v1/instances"}, page.Next)
	fmt.Println(next.URL, err)
	// Output:
	// [{"name":"a"}] <nil>
	// https://redis.googleapis.com/v1/instances?pageToken=t1 <nil>
}

// The events of a stream: each has the position from which to go on.
func ExampleStreamer() {
	var streamer protocol.Streamer = sse.Streamer{}
	streamers, err := protocol.NewStreamers(streamer)
	if err != nil {
		fmt.Println(err)
		return
	}
	streaming, err := streamers.Bind("sse", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	at := protocol.Position{}
	for event, err := range streaming.Events(strings.NewReader("id: 7\ndata: Hello\n\n"), at) {
		if err != nil {
			fmt.Println(err)
			return
		}
		at = event.At
		fmt.Printf("%s %s\n", event.Type, event.Data)
	}
	ask, possible, err := streaming.Ask(protocol.Ask{Method: "GET", URL: "/events"}, at)
	fmt.Println(possible, ask.Header.Get("Last-Event-ID"), err)
	// Output:
	// message "Hello"
	// true 7 <nil>
}

// Options are checked before anything is sent, and the error names the one that is wrong.
func ExampleRegistry_Bind() {
	registry, err := protocol.NewRegistry(waiter.Protocol{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = registry.Bind("waiter", json.RawMessage(`{"stat":"x"}`))
	fmt.Println(err)
	// Output:
	// perdure: input: protocol.options.stat: unknown field
}
