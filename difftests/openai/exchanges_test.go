package openai_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"

	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

func exchanges() []compare.Exchange {
	const generated = 600
	random := rand.New(rand.NewPCG(3, 96))
	var all []compare.Exchange
	for i := range generated {
		all = append(all, generate(random, i))
	}
	return append(all, named()...)
}

// generate makes the answers to one create call and the polls after it.
func generate(random *rand.Rand, i int) compare.Exchange {
	o := compare.Pick(random, objects...)
	e := compare.Exchange{Name: fmt.Sprintf("generated %d, %s", i, o.name), Theirs: o.theirs, Ours: o.ours}
	if random.IntN(12) == 0 {
		e.Traits = append(e.Traits, "over with the start")
		last := o.body(random, compare.Pick(random, o.terminal()...))
		e.Answers = append(e.Answers, last, last)
		return e
	}
	e.Answers = append(e.Answers, o.body(random, compare.Pick(random, o.running...)))
	for range random.IntN(5) {
		o.middle(random, &e)
	}
	if random.IntN(8) == 0 {
		e.Answers = append(e.Answers, refusal(compare.Pick(random, 400, 401, 403, 404, 422), ""))
		return e
	}
	e.Answers = append(e.Answers, o.body(random, compare.Pick(random, o.terminal()...)))
	return e
}

// middle is an answer, or several, after which the object still runs.
func (o object) middle(random *rand.Rand, e *compare.Exchange) {
	transient := func() int {
		if random.IntN(20) == 0 { // Perdure's worker leaves the service alone for a second
			return http.StatusTooManyRequests
		}
		return compare.Pick(random, 408, 409, 500, 502, 503, 504)
	}
	switch random.IntN(16) {
	case 0, 1:
		e.Answers = append(e.Answers, refusal(transient(), ""))
		if random.IntN(2) == 0 {
			e.Answers = append(e.Answers, refusal(transient(), ""))
		}
		e.Answers = append(e.Answers, o.body(random, compare.Pick(random, o.running...)))
	case 2:
		e.Traits = append(e.Traits, "three errors in a row")
		e.Answers = append(e.Answers, refusal(transient(), ""), refusal(transient(), ""), refusal(transient(), ""))
	case 3:
		e.Traits = append(e.Traits, "advised against")
		e.Answers = append(e.Answers, refusal(compare.Pick(random, 500, 500, 503, 503, 503, 504, 504, 429), "false"))
	case 4:
		e.Answers = append(e.Answers, refusal(compare.Pick(random, 400, 404, 422), "true"), o.body(random, compare.Pick(random, o.running...)))
	case 5:
		e.Traits = append(e.Traits, "a word that nobody has")
		e.Answers = append(e.Answers, o.body(random, "a_word_to_come"))
	case 6:
		e.Traits = append(e.Traits, "a word in capitals")
		e.Answers = append(e.Answers, o.body(random, "IN_PROGRESS"))
	default:
		e.Answers = append(e.Answers, o.body(random, compare.Pick(random, o.running...)))
	}
}

// body is the object in one status.
func (o object) body(random *rand.Rand, status string) play.Answer {
	more := compare.Pick(random, ``, `,"last_error":null`, `,"usage_bytes":12345678901234567890`, `,"file_counts":{"total":4,"completed":2}`, `,"unknown":{"a":[1,"<&>"]}`)
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

// named exchanges are too rare to be met by chance, or never end for one of the two.
func named() []compare.Exchange {
	file := objects[0]
	random := rand.New(rand.NewPCG(0, 0))
	at := func(status string) play.Answer { return file.body(random, status) }
	list := []compare.Exchange{
		{Name: "a start that is refused", Answers: []play.Answer{refusal(http.StatusBadRequest, "")}},
		{Name: "409 that the service advises against", Answers: []play.Answer{at("in_progress"), refusal(http.StatusConflict, "false")}},
		{Name: "no status", Answers: []play.Answer{at("in_progress"), {Body: `{"id":"x_1"}`}}},
		{Name: "no JSON", Answers: []play.Answer{at("in_progress"), {Body: `<html>`}}},
		{Name: "advised for, three times", Traits: []string{"advised for, three times"}, Answers: []play.Answer{
			at("in_progress"), refusal(http.StatusBadRequest, "true"), refusal(http.StatusBadRequest, "true"), refusal(http.StatusBadRequest, "true"), at("completed"),
		}},
		{Name: "the start is answered by 500", Traits: []string{"the start is answered by 500"}, Answers: []play.Answer{
			refusal(http.StatusInternalServerError, ""), at("in_progress"), at("completed"),
		}},
	}
	for i := range list {
		list[i].Theirs, list[i].Ours = file.theirs, file.ours
	}
	return list
}
