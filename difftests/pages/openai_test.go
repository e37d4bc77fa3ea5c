package pages_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/perdure-dev/perdure/activities/protocol"
	openaipager "github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

//rule:openaipages 1
//rule:openaipages 2
func TestOpenAI(t *testing.T) {
	t.Parallel()
	const generated = 400
	random := rand.New(rand.NewPCG(3, 96))
	var all []compare.Exchange
	for i := range generated {
		all = append(all, batchList(random, i))
	}
	for i := range all {
		all[i].Theirs = openais
		all[i].Ours = inOrder(perdures(openaipager.Pager{}, protocol.Ask{Method: http.MethodGet, URL: "http://openai.test/v1/batches?limit=2"}, raw))
	}
	compare.Run(t, all, map[string]compare.Difference{
		"an empty page with more to come":        {Theirs: compare.Succeeded, Ours: compare.Succeeded, Why: "the SDK ends with an empty page, whatever has_more says; Perdure goes on from last_id"},
		"an empty page with no id to go on from": {Theirs: compare.Succeeded, Ours: compare.Unreadable, Why: "the SDK ends with an empty page; for Perdure the rest of the list would go missing"},
		"a last value without an id":             {Theirs: compare.Succeeded, Ours: compare.Unreadable, Why: "the SDK asks for what comes after nothing, which is the first page again; for Perdure the page breaks the protocol"},
		"no data":                                {Theirs: compare.Succeeded, Ours: compare.Unreadable, Why: "for the SDK a page without data is empty, and the last"},
	})
}

// inOrder puts the parameters of each request into the order of their names: the SDK
// sends them so, and their order means nothing.
func inOrder(client compare.Client) compare.Client {
	return func(t *testing.T, service *play.Service) compare.Outcome {
		t.Helper()
		out := client(t, service)
		lines := strings.Split(out.Message, "\n")
		for i, line := range lines {
			target, query, _ := strings.Cut(line, "?")
			if values, err := url.ParseQuery(query); err == nil {
				lines[i] = target + "?" + values.Encode()
			}
		}
		out.Message = strings.Join(lines, "\n")
		return out
	}
}

// openais lists with the SDK's auto-pager.
func openais(t *testing.T, service *play.Service) compare.Outcome {
	t.Helper()
	r := record(t, service)
	client := openai.NewClient(option.WithHTTPClient(r.client()), option.WithBaseURL("http://openai.test/v1"), option.WithAPIKey("none"), option.WithMaxRetries(0))
	all := client.Batches.ListAutoPaging(t.Context(), openai.BatchListParams{Limit: openai.Int(2)})
	out := compare.Outcome{Kind: compare.Succeeded}
	for all.Next() {
		batch := all.Current()
		out.Value += batch.RawJSON() + "\n"
	}
	if refused, ok := errors.AsType[*openai.Error](all.Err()); ok {
		out.Kind, out.Word = compare.Refused, strconv.Itoa(refused.StatusCode)
	} else if all.Err() != nil {
		out.Kind = compare.Unreadable
	}
	out.Message = r.line()
	return out
}

// batchList makes the answers of one list.
func batchList(random *rand.Rand, i int) compare.Exchange {
	e := compare.Exchange{Name: fmt.Sprintf("openai, generated %d", i)}
	for p := 2; random.IntN(4) != 0 && p < 9; p++ {
		e.Answers = append(e.Answers, batchesOf(random, &e, compare.Pick(random, `"has_more":true`, `"has_more":true`, ``, `"has_more":null`)))
	}
	switch odd(random, &e, 12) {
	case 0:
		e.Answers = append(e.Answers, play.Answer{Status: compare.Pick(random, 400, 403, 404, 410), Body: `{"error":{"code":"no","message":"no"}}`})
	case 1:
		e.Answers = append(e.Answers, play.Answer{Body: compare.Pick(random, `<html>`, `{"data":`, ``)})
	case 2:
		e.Traits = append(e.Traits, "no data")
		e.Answers = append(e.Answers, play.Answer{Body: `{"object":"list","has_more":false}`})
	case 3:
		e.Answers = append(e.Answers, play.Answer{Body: compare.Pick(random, `{"object":"list","data":[]}`, `{"object":"list","data":null}`, `{"object":"list","data":[],"has_more":null}`)})
	default:
		e.Answers = append(e.Answers, play.Answer{Body: `{"object":"list","data":` + batches(random, random.IntN(3)) + `,"has_more":false,"last_id":"zz"}`})
	}
	return e
}

// batchesOf is a page after which there is another, as it says with more.
func batchesOf(random *rand.Rand, e *compare.Exchange, more string) play.Answer {
	if more != "" {
		more = "," + more
	}
	page := func(data, more string) play.Answer {
		return play.Answer{Body: `{"object":"list","data":` + data + more + `}`}
	}
	switch odd(random, e, 25) {
	case 0:
		e.Traits = append(e.Traits, "an empty page with more to come")
		return page(`[]`, `,"has_more":true,"last_id":"batch_0"`)
	case 1:
		e.Traits = append(e.Traits, "an empty page with no id to go on from")
		return page(`[]`, `,"has_more":true,"last_id":null`)
	case 2:
		e.Traits = append(e.Traits, "a last value without an id")
		return page(`[{"object":"batch","status":"completed"}]`, more)
	}
	return page(batches(random, 1+random.IntN(3)), more)
}

func batches(random *rand.Rand, n int) string {
	var values []string
	for range n {
		values = append(values, fmt.Sprintf(`{"id":%s,"object":"batch", "created_at":12345678901,"x":1.10,"metadata":{"a":"\u00fc"}}`, quote(compare.Pick(random, "batch_", "a/b ", "ü&=")+strconv.Itoa(random.IntN(1000)))))
	}
	return "[" + strings.Join(values, ", ") + "]"
}
