package google_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"

	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

const (
	parent   = "projects/p/locations/l"
	instance = `{"@type":"type.googleapis.com/google.cloud.redis.v1.Instance","name":"projects/p/locations/l/instances/i","memorySizeGb":%d}`
)

func exchanges() []compare.Exchange {
	const generated = 600
	random := rand.New(rand.NewPCG(151, 155))
	var all []compare.Exchange
	for i := range generated {
		all = append(all, generate(random, i))
	}
	all = append(all, named...)
	for i := range all {
		all[i].Theirs, all[i].Ours = theirs, perdures
	}
	return all
}

// generate makes the answers of one operation.
func generate(random *rand.Rand, i int) compare.Exchange {
	e := compare.Exchange{Name: fmt.Sprintf("generated %d", i)}
	name := parent + "/operations/" + compare.Pick(random, "operation-1", "a b", "ü", "x:y", "1~_-.z", "100%", "q?r#s")
	if random.IntN(10) == 0 { // done with the start
		e.Answers = append(e.Answers, says(operation(name, end(random, &e))))
		return e
	}
	e.Answers = append(e.Answers, says(operation(name, running(random))))
	for range random.IntN(6) {
		switch random.IntN(8) {
		case 0:
			status := compare.Pick(random, 500, 500, 502, 502, 504, 504, 429) // after 429 Perdure's worker leaves the service alone for a second
			e.Answers = append(e.Answers, refusal(status))
			e.Traits = append(e.Traits, fmt.Sprintf("%d to a question", status))
		case 1:
			e.Answers = append(e.Answers, refusal(http.StatusServiceUnavailable))
		default:
			e.Answers = append(e.Answers, says(operation(name, running(random))))
		}
	}
	if random.IntN(8) == 0 { // the question is refused
		e.Answers = append(e.Answers, refusal(compare.Pick(random, 400, 401, 403, 404, 409)))
		return e
	}
	if random.IntN(20) == 0 {
		e.Answers = append(e.Answers, says(compare.Pick(random, `<html>`, ``, `[]`, `{"name":`, `"operations/1"`, `{"name":"`+parent+`/operations/1","done":"true"}`)))
		return e
	}
	e.Answers = append(e.Answers, says(operation(name, end(random, &e))))
	return e
}

func says(body string) play.Answer { return play.Answer{Body: body} }

// refusal is an error as AIP-193 writes it.
func refusal(status int) play.Answer {
	return play.Answer{Status: status, Body: fmt.Sprintf(`{"error":{"code":%d,"message":"no","status":"SOME","details":[]}}`, status)}
}

func running(random *rand.Rand) string {
	return compare.Pick(random, ``, `"done":false`, `"done":null`, `"metadata":{"@type":"type.googleapis.com/google.cloud.redis.v1.OperationMetadata","verb":"create"}`, `"metadata":null,"unknownField":[1]`)
}

// end is how an operation is done.
func end(random *rand.Rand, e *compare.Exchange) string {
	switch random.IntN(12) {
	case 0:
		e.Traits = append(e.Traits, "no result")
		return `"done":true`
	case 1:
		e.Traits = append(e.Traits, "both results")
		return `"done":true,"response":` + fmt.Sprintf(instance, 1) + `,"error":{"code":5}`
	case 2:
		e.Traits = append(e.Traits, "error without code")
		return `"done":true,"error":` + compare.Pick(random, `{}`, `{"code":0,"message":"m"}`, `{"message":"m"}`)
	case 3:
		e.Traits = append(e.Traits, "unknown code")
		return `"done":true,"error":{"code":99,"message":"m"}`
	case 4:
		e.Traits = append(e.Traits, "response of another type")
		return `"done":true,"response":{"@type":"type.googleapis.com/example.Unknown","a":1}`
	case 5, 6, 7:
		return fmt.Sprintf(`"done":true,"error":{"code":%d,"message":"m %d"}`, 1+random.IntN(16), random.IntN(9))
	}
	return `"done":true,"response":` + fmt.Sprintf(instance, 1+random.IntN(300))
}

func operation(name, more string) string {
	raw, _ := json.Marshal(name)
	if more == "" {
		return `{"name":` + string(raw) + `}`
	}
	return `{"name":` + string(raw) + `,` + more + `}`
}

// named exchanges are too rare to be met by chance.
var named = []compare.Exchange{
	{Name: "a start that is refused", Answers: []play.Answer{refusal(http.StatusBadRequest)}},
	{Name: "a start that is no operation", Answers: []play.Answer{{Body: `<html>`}}},
	{Name: "done without a name", Answers: []play.Answer{{Body: `{"done":true,"response":` + fmt.Sprintf(instance, 3) + `}`}}},
	{Name: "early results do not count", Answers: []play.Answer{
		{Body: operation(parent+"/operations/1", "")},
		{Body: operation(parent+"/operations/1", `"response":`+fmt.Sprintf(instance, 1))},
		{Body: operation(parent+"/operations/1", `"done":true,"response":`+fmt.Sprintf(instance, 2))},
	}},
	{Name: "another name in an answer", Answers: []play.Answer{
		{Body: operation(parent+"/operations/1", "")},
		{Body: operation(parent+"/operations/2", "")},
		{Body: operation(parent+"/operations/2", `"done":true,"response":`+fmt.Sprintf(instance, 2))},
	}},
	{Name: "no name to a question", Traits: []string{"no name to a question"}, Answers: []play.Answer{
		{Body: operation(parent+"/operations/1", "")},
		{Body: `{"metadata":null}`},
		{Body: operation(parent+"/operations/1", `"done":true,"response":`+fmt.Sprintf(instance, 2))},
	}},
}
