package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/perdure-dev/perdure"
	openaiprotocol "github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/difftests/internal/ours"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// outcome is what a client makes of an object.
type outcome struct {
	kind   string // succeeded, failed, canceled, refused, unreadable
	status string // of what was refused, the HTTP status; else the service's word
	value  string // the object
}

// object is one that the SDK has a helper for, which creates it and polls.
type object struct {
	name, url string // url is where it is created
	running   []string
	succeeded []string
	failed    []string
	canceled  []string
	create    func(ctx context.Context, c openai.Client) (status, raw string, err error)
}

var objects = []object{
	{
		name: "vector_store.file", url: "/v1/vector_stores/vs_1/files",
		running: []string{"in_progress"}, succeeded: []string{"completed"}, failed: []string{"failed"}, canceled: []string{"cancelled"},
		create: func(ctx context.Context, c openai.Client) (string, string, error) {
			f, err := c.VectorStores.Files.NewAndPoll(ctx, "vs_1", openai.VectorStoreFileNewParams{FileID: "x_1"}, 0)
			if err != nil {
				return "", "", err
			}
			return string(f.Status), f.RawJSON(), nil
		},
	},
	{
		name: "vector_store.files_batch", url: "/v1/vector_stores/vs_1/file_batches",
		running: []string{"in_progress"}, succeeded: []string{"completed"}, failed: []string{"failed"}, canceled: []string{"cancelled"},
		create: func(ctx context.Context, c openai.Client) (string, string, error) {
			b, err := c.VectorStores.FileBatches.NewAndPoll(ctx, "vs_1", openai.VectorStoreFileBatchNewParams{FileIDs: []string{"f"}}, 0)
			if err != nil {
				return "", "", err
			}
			return string(b.Status), b.RawJSON(), nil
		},
	},
	{
		name: "video", url: "/v1/videos",
		running: []string{"queued", "in_progress"}, succeeded: []string{"completed"}, failed: []string{"failed"},
		create: func(ctx context.Context, c openai.Client) (string, string, error) {
			v, err := c.Videos.NewAndPoll(ctx, openai.VideoNewParams{Prompt: "p"}, 0) //nolint:staticcheck // deprecated, and the only helper for videos
			if err != nil {
				return "", "", err
			}
			return string(v.Status), v.RawJSON(), nil
		},
	},
}

type exchange struct {
	name    string
	object  object
	answers []play.Answer
	// traits are in the order in which a client meets them; the first that explains a
	// difference does.
	traits []string
}

// difference is what either client makes of a trait, and why.
type difference struct {
	theirs, ours string // kinds of outcomes; "" is any
	why          string
}

// explained has every difference there is.
var explained = map[string]difference{
	"over with the start":          {"", "", "the SDK's helper asks once more for an object that was over when it was created; Perdure has its value already"},
	"a word that nobody has":       {"unreadable", "", "the SDK ends on a word that it does not know; for Perdure that means running"},
	"a word in capitals":           {"unreadable", "", "the SDK compares words as they are spelled, Perdure without case"},
	"three errors in a row":        {"refused", "", "the SDK gives up after two retries; what is transient never ends an operation of Perdure's"},
	"advised against":              {"refused", "", "x-should-retry: false ends the SDK's polling after a 5xx or 429; for Perdure they stay transient"},
	"advised for, three times":     {"refused", "", "as three errors in a row"},
	"the start is answered by 500": {"succeeded", "StartAmbiguous", "the SDK sends the start again, which may create a second object; Perdure cannot know whether the first one was created, and says so"},
}

func TestOpenAI(t *testing.T) {
	t.Parallel()
	const generated = 600
	random := rand.New(rand.NewPCG(3, 96))
	counts := map[string]int{}
	for i := range generated {
		compare(t, generate(random, i), counts)
	}
	for _, e := range named() {
		compare(t, e, counts)
	}
	t.Logf("%d exchanges: %d the same, %d different and explained", generated+len(named()), counts[""], generated+len(named())-counts[""])
	for _, trait := range slices.Sorted(maps.Keys(explained)) {
		t.Logf("%4d %s: %s", counts[trait], trait, explained[trait].why)
		require.Positive(t, counts[trait], "%s: was met", trait)
	}
}

// compare plays an exchange to both. Outcome, value and requests have to be the same,
// or one of the exchange's traits explains why not.
func compare(t *testing.T, e exchange, counts map[string]int) {
	t.Helper()
	theirs, theirRequests := playTheirs(t, e)
	own, ownRequests := playOurs(t, e)
	if theirs == own && slices.Equal(theirRequests, ownRequests) {
		counts[""]++
		return
	}
	for _, trait := range e.traits {
		want, ok := explained[trait]
		if !ok {
			continue
		}
		counts[trait]++
		require.Contains(t, []string{theirs.kind, ""}, want.theirs, "%s: %s: theirs", e.name, trait)
		require.Contains(t, []string{own.kind, ""}, want.ours, "%s: %s: ours", e.name, trait)
		if want.theirs == "" && want.ours == "" {
			require.Equal(t, theirs, own, "%s: %s: only the requests differ", e.name, trait)
		}
		both := min(len(theirRequests), len(ownRequests))
		require.Equal(t, theirRequests[:both], ownRequests[:both], "%s: the requests up to the difference", e.name)
		return
	}
	require.Equal(t, theirs, own, "%s: the outcome; the answers were %+v", e.name, e.answers)
	require.Equal(t, theirRequests, ownRequests, "%s: the requests; the answers were %+v", e.name, e.answers)
}

func playTheirs(t *testing.T, e exchange) (outcome, []string) {
	t.Helper()
	service := play.New(e.answers...)
	var out outcome
	synctest.Test(t, func(t *testing.T) {
		client := openai.NewClient(option.WithHTTPClient(service.Client()), option.WithBaseURL("http://openai.test/v1"), option.WithAPIKey("none"))
		status, raw, err := e.object.create(t.Context(), client)
		out = theirOutcome(e.object, status, raw, err)
	})
	return out, service.Requests()
}

func theirOutcome(o object, status, raw string, err error) outcome {
	var refused *openai.Error
	switch {
	case errors.As(err, &refused):
		return outcome{kind: "refused", status: strconv.Itoa(refused.StatusCode)}
	case err != nil:
		return outcome{kind: "unreadable"}
	case slices.Contains(o.succeeded, status):
		return outcome{kind: "succeeded", status: status, value: text(raw)}
	case slices.Contains(o.failed, status):
		return outcome{kind: "failed", status: status, value: text(raw)}
	case slices.Contains(o.canceled, status):
		return outcome{kind: "canceled", status: status, value: text(raw)}
	}
	return outcome{kind: "of another status", status: status}
}

func playOurs(t *testing.T, e exchange) (outcome, []string) {
	t.Helper()
	service := play.New(e.answers...)
	grace := 0.0
	r := ours.Run(t, ours.Operation{
		Protocol: openaiprotocol.Protocol{}, Method: http.MethodPost, URL: service.Listen(t) + e.object.url,
		Body:    perdure.JSONBody(json.RawMessage(`{}`)),
		Polling: perdure.Polling{NotFoundGraceSeconds: &grace}, Timeout: 10 * time.Hour, Threshold: 1,
	})
	why, word := r.Status.Error, r.Status.ServiceStatus
	switch r.ErrorType {
	case "":
		return outcome{kind: "succeeded", status: r.ServiceStatus, value: text(string(r.Value))}, service.Requests()
	case perdure.ErrorCanceled:
		return outcome{kind: "canceled", status: word, value: text(string(why.Details))}, service.Requests()
	case perdure.ErrorOperationFailed:
		return outcome{kind: "failed", status: word, value: text(string(why.Details))}, service.Requests()
	case perdure.ErrorPollRejected, perdure.ErrorStartRejected:
		return outcome{kind: "refused", status: strconv.Itoa(why.HTTPStatus)}, service.Requests()
	case perdure.ErrorProtocolViolation:
		return outcome{kind: "unreadable"}, service.Requests()
	}
	return outcome{kind: r.ErrorType}, service.Requests()
}

// text is JSON in one spelling, with every digit.
func text(raw string) string {
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	return fmt.Sprint(v)
}

// generate makes the answers to one create call and the polls after it.
func generate(random *rand.Rand, i int) exchange {
	o := pick(random, objects...)
	e := exchange{name: fmt.Sprintf("generated %d, %s", i, o.name), object: o}
	if random.IntN(12) == 0 {
		e.traits = append(e.traits, "over with the start")
		last := o.body(random, pick(random, o.terminal()...))
		e.answers = append(e.answers, last, last)
		return e
	}
	e.answers = append(e.answers, o.body(random, pick(random, o.running...)))
	for range random.IntN(5) {
		e.middle(random)
	}
	if random.IntN(8) == 0 {
		e.answers = append(e.answers, refusal(pick(random, 400, 401, 403, 404, 422), ""))
		return e
	}
	e.answers = append(e.answers, o.body(random, pick(random, o.terminal()...)))
	return e
}

// middle is an answer, or several, after which the object still runs.
func (e *exchange) middle(random *rand.Rand) {
	o := e.object
	transient := func() int {
		if random.IntN(20) == 0 { // Perdure's worker leaves the service alone for a second
			return http.StatusTooManyRequests
		}
		return pick(random, 408, 409, 500, 502, 503, 504)
	}
	switch random.IntN(16) {
	case 0, 1:
		e.answers = append(e.answers, refusal(transient(), ""))
		if random.IntN(2) == 0 {
			e.answers = append(e.answers, refusal(transient(), ""))
		}
		e.answers = append(e.answers, o.body(random, pick(random, o.running...)))
	case 2:
		e.traits = append(e.traits, "three errors in a row")
		e.answers = append(e.answers, refusal(transient(), ""), refusal(transient(), ""), refusal(transient(), ""))
	case 3:
		e.traits = append(e.traits, "advised against")
		e.answers = append(e.answers, refusal(pick(random, 500, 500, 503, 503, 503, 504, 504, 429), "false"))
	case 4:
		e.answers = append(e.answers, refusal(pick(random, 400, 404, 422), "true"), o.body(random, pick(random, o.running...)))
	case 5:
		e.traits = append(e.traits, "a word that nobody has")
		e.answers = append(e.answers, o.body(random, "a_word_to_come"))
	case 6:
		e.traits = append(e.traits, "a word in capitals")
		e.answers = append(e.answers, o.body(random, "IN_PROGRESS"))
	default:
		e.answers = append(e.answers, o.body(random, pick(random, o.running...)))
	}
}

func (o object) terminal() []string { return slices.Concat(o.succeeded, o.failed, o.canceled) }

// body is the object in one status.
func (o object) body(random *rand.Rand, status string) play.Answer {
	more := pick(random, ``, `,"last_error":null`, `,"usage_bytes":12345678901234567890`, `,"file_counts":{"total":4,"completed":2}`, `,"unknown":{"a":[1,"<&>"]}`)
	answer := play.Answer{Body: fmt.Sprintf(`{"id":"x_1","object":%q,"vector_store_id":"vs_1","status":%q%s}`, o.name, status, more)}
	if random.IntN(3) == 0 {
		answer.Header = map[string]string{"openai-poll-after-ms": strconv.Itoa(random.IntN(9000))}
	}
	return answer
}

func refusal(status int, shouldRetry string) play.Answer {
	answer := play.Answer{Status: status, Body: `{"error":{"message":"no","type":"some_error","param":null,"code":null}}`}
	if shouldRetry != "" {
		answer.Header = map[string]string{"x-should-retry": shouldRetry}
	}
	return answer
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// named exchanges are too rare to be met by chance, or never end for one of the two.
func named() []exchange {
	file := objects[0]
	random := rand.New(rand.NewPCG(0, 0))
	at := func(status string) play.Answer { return file.body(random, status) }
	list := []exchange{
		{name: "a start that is refused", answers: []play.Answer{refusal(http.StatusBadRequest, "")}},
		{name: "409 that the service advises against", answers: []play.Answer{at("in_progress"), refusal(http.StatusConflict, "false")}},
		{name: "no status", answers: []play.Answer{at("in_progress"), {Body: `{"id":"x_1"}`}}},
		{name: "no JSON", answers: []play.Answer{at("in_progress"), {Body: `<html>`}}},
		{name: "advised for, three times", traits: []string{"advised for, three times"}, answers: []play.Answer{
			at("in_progress"), refusal(http.StatusBadRequest, "true"), refusal(http.StatusBadRequest, "true"), refusal(http.StatusBadRequest, "true"), at("completed"),
		}},
		{name: "the start is answered by 500", traits: []string{"the start is answered by 500"}, answers: []play.Answer{
			refusal(http.StatusInternalServerError, ""), at("in_progress"), at("completed"),
		}},
	}
	for i := range list {
		list[i].object = file
	}
	return list
}
