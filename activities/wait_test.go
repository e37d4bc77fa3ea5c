package activities_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/perduretest"
)

// The wait before the next question, after an answer.
//
//rule:wait 2
func TestWaitRules(t *testing.T) {
	type polling = perdure.Polling
	backoff := polling{IntervalSeconds: 2, Backoff: 3, MaxIntervalSeconds: 15}
	for _, test := range []struct {
		name    string
		caller  *polling
		service *polling
		header  string // name and value
		before  int    // questions before this one
		want    time.Duration
	}{
		// Else the interval: yours, else the service's configured one, else 30 s;
		// times `backoff` for each question, up to `maxIntervalSeconds`, which bounds
		// nothing else. Each field of `polling` is yours where you give it.
		//
		//rule:wait 4 -
		{"the default", nil, nil, "", 0, 30 * time.Second},
		{"the service's configuration", nil, &polling{IntervalSeconds: 7}, "", 0, 7 * time.Second},
		{"the caller's over it", &polling{IntervalSeconds: 9}, &polling{IntervalSeconds: 7}, "", 0, 9 * time.Second},
		{"field by field", &polling{Backoff: 2}, &polling{IntervalSeconds: 7}, "", 1, 14 * time.Second},
		{"what the service asks for", nil, nil, "Retry-After: 3", 0, 3 * time.Second},
		{"instead of its configuration's interval", nil, &polling{IntervalSeconds: 7}, "Retry-After: 3", 0, 3 * time.Second},
		// An interval of your own is the least wait, whichever of these applies.
		//
		//rule:wait 5 -
		{"above the caller's floor", &polling{IntervalSeconds: 9}, nil, "Retry-After: 3", 0, 9 * time.Second},
		{"above the caller's interval", &polling{IntervalSeconds: 9}, nil, "Retry-After: 12", 0, 12 * time.Second},
		{"above the greatest interval", &polling{IntervalSeconds: 1, MaxIntervalSeconds: 5}, nil, "Retry-After: 12", 0, 12 * time.Second},
		{"in milliseconds", nil, nil, "retry-after-ms: 1500", 0, 1500 * time.Millisecond},
		{"in Azure's milliseconds", nil, nil, "x-ms-retry-after-ms: 1500", 0, 1500 * time.Millisecond},
		// `openai-poll-after-ms` is a wait that the service asks for.
		//
		//rule:openai 2 OAI SDK, the helpers that poll (`PollStatus`)
		{"in OpenAI's milliseconds", nil, nil, "openai-poll-after-ms: 1500", 0, 1500 * time.Millisecond},
		{"at most an hour", nil, nil, "Retry-After: 999999999", 0, time.Hour},
		{"zero is nothing", nil, nil, "Retry-After: 0", 0, 30 * time.Second},
		{"negative is nothing", nil, nil, "Retry-After: -5", 0, 30 * time.Second},
		{"unreadable is nothing", nil, nil, "Retry-After: soon", 0, 30 * time.Second},
		{"the past is nothing", nil, nil, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", 0, 30 * time.Second},
		{"ignored by the caller", &polling{IntervalSeconds: 2, IgnoreRetryAfter: new(true)}, nil, "Retry-After: 12", 0, 2 * time.Second},
		{"ignored by the configuration", nil, &polling{IntervalSeconds: 2, IgnoreRetryAfter: new(true)}, "Retry-After: 12", 0, 2 * time.Second},
		{"ignored by the configuration, not by the caller", &polling{IgnoreRetryAfter: new(false)}, &polling{IntervalSeconds: 2, IgnoreRetryAfter: new(true)}, "Retry-After: 12", 0, 12 * time.Second},
		{"backoff, first", &backoff, nil, "", 0, 2 * time.Second},
		{"backoff, second", &backoff, nil, "", 1, 6 * time.Second},
		{"backoff, third, at its most", &backoff, nil, "", 2, 15 * time.Second},
		{"backoff, for ever", &backoff, nil, "", 1e9, 15 * time.Second},
		{"backoff, its default most", &polling{Backoff: 10}, nil, "", 9, 5 * time.Minute},
		{"backoff, no less than the interval", &polling{IntervalSeconds: 20, Backoff: 2}, &polling{MaxIntervalSeconds: 10}, "", 5, 20 * time.Second},
		{"backoff does not multiply the service's word", &backoff, nil, "Retry-After: 4", 5, 4 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			question := get(200, store("in_progress", 0))
			if test.header != "" {
				var name, value string
				_, err := fmt.Sscanf(test.header, "%s", &name)
				require.NoError(t, err)
				value = test.header[len(name)+1:]
				question = question.Header(name[:len(name)-1], value)
			}
			inBubble(t, []perduretest.Step{question}, func(d *desk) {
				t := d.t
				d.service.Polling = test.service
				task := d.watched(test.caller)
				task.Once, task.Polls = true, test.before
				a := d.poll(task)
				around(t, test.want, time.Duration(a.WaitSeconds*float64(time.Second)).Round(time.Microsecond))
				require.Equal(t, a.WaitSeconds > 20, a.Durable)
			})
		})
	}
}

// Up to a tenth is added by chance, so that many operations do not ask in step;
// nothing is ever taken off.
//
//rule:wait 8 -
func TestJitterIsThereAndSmall(t *testing.T) {
	seen := map[float64]bool{}
	inBubble(t, []perduretest.Step{get(200, store("in_progress", 0)).Times(20)}, func(d *desk) {
		t := d.t
		task := d.watched(every(10))
		task.Once = true
		for range 20 {
			a := d.poll(task)
			around(t, 10*time.Second, time.Duration(a.WaitSeconds*float64(time.Second)))
			seen[a.WaitSeconds] = true
		}
	})
	require.Greater(t, len(seen), 10)
}

// paced is a protocol with a delay rule of its own.
type paced struct{ protocol.Protocol }

func (paced) Name() string { return "paced" }

func (p paced) Bind(options json.RawMessage) (protocol.Bound, error) {
	b, err := p.Protocol.Bind(options)
	return pacedBound{b}, err
}

type pacedBound struct{ protocol.Bound }

func (pacedBound) Pace(n int, _ float64) time.Duration { return time.Duration(n) * time.Second }

// The protocol's own rule, where it has one: `google` and `waiter` have, and what the
// service asks for does not count there.
//
//rule:wait 1 -
//rule:wait 5
func TestAProtocolsOwnDelayComesFirst(t *testing.T) {
	for _, test := range []struct {
		name   string
		caller *perdure.Polling
		before int
		want   time.Duration
	}{
		{"over the service's word", nil, 0, time.Second},
		{"over a backoff", &perdure.Polling{Backoff: 5}, 6, 7 * time.Second},
		{"above the caller's floor", every(4), 0, 4 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, []perduretest.Step{get(200, store("in_progress", 0)).Header("Retry-After", "12")}, func(d *desk) {
				t := d.t
				openAI, err := protocol.NewRegistry(paced{openAIProtocol()})
				require.NoError(t, err)
				d.options.Protocols = openAI
				task := d.watched(test.caller, protocolOf("paced", ``))
				task.Once, task.Polls = true, test.before
				around(t, test.want, time.Duration(d.poll(task).WaitSeconds*float64(time.Second)))
			})
		})
	}
}

// The start's answer counts as any other: the first question waits for what it asks
// for.
//
//rule:wait 6 RFC 9110 section 10.2.3
func TestAFirstWaitIsAsLongAsTheStartsAnswerSays(t *testing.T) {
	for _, test := range []struct {
		header  string
		want    float64
		durable bool
	}{{"", 30, true}, {"5", 5, false}, {"21", 21, true}} {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress).Header("Retry-After", test.header)))
		a := d.start(createTask())
		require.GreaterOrEqual(t, a.WaitSeconds, test.want)
		require.LessOrEqual(t, a.WaitSeconds, 1.1*test.want)
		require.Equal(t, test.durable, a.Durable)
	}
}

// The interval that holds where the caller gives none is what setPolling goes back to.
//
//rule:wait 4
func TestTheIntervalIsTheServices(t *testing.T) {
	inBubble(t, []perduretest.Step{get(200, store("in_progress", 0))}, func(d *desk) {
		t := d.t
		d.service.Polling = &perdure.Polling{IntervalSeconds: 7}
		task := d.watched(every(3600))
		task.Once = true
		require.Equal(t, 7.0, d.poll(task).Interval)
	})
}
