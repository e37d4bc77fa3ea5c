package pages_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"

	redis "cloud.google.com/go/redis/apiv1"
	"cloud.google.com/go/redis/apiv1/redispb"
	"github.com/googleapis/gax-go/v2/apierror"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

const (
	location  = "projects/p/locations/l"
	instances = "http://redis.test/v1/" + location + "/instances?%24alt=json%3Benum-encoding%3Dint&pageSize=2"
)

//rule:googlepages 1
//rule:googlepages 2
//rule:googlepages 3
func TestGoogle(t *testing.T) {
	t.Parallel()
	const generated = 400
	random := rand.New(rand.NewPCG(1, 58))
	var all []compare.Exchange
	for i := range generated {
		all = append(all, instanceList(random, i))
	}
	for i := range all {
		all[i].Theirs = googles
		all[i].Ours = perdures(google.Pager{}, protocol.Ask{Method: http.MethodGet, URL: instances}, instanceText)
	}
	compare.Run(t, all, map[string]compare.Difference{
		"two arrays":               {Theirs: compare.Succeeded, Ours: compare.Unreadable, Why: "Google's client knows the field by its type; Perdure wants the option items, and guesses nothing"},
		"an object and no array":   {Theirs: compare.Succeeded, Ours: compare.Unreadable, Why: "for Google's client what it does not know is not there; for Perdure the values may be in the object, and the option items says so"},
		"a token under both names": {Theirs: compare.Unreadable, Ours: compare.Succeeded, Why: "the parser of proto3's JSON refuses a field that comes twice; Perdure takes the name in camel case"},
		"a value of another type":  {Theirs: compare.Unreadable, Ours: compare.Succeeded, Why: "Google's client parses each value; Perdure gives it as it is"},
		"a list that is text":      {Theirs: compare.Unreadable, Ours: compare.Succeeded, Why: "Google's client knows the field by its type; to Perdure a page without an array is an empty one"},
	})
}

// googles lists with the client as Google generates it.
func googles(t *testing.T, service *play.Service) compare.Outcome {
	t.Helper()
	r := record(t, service)
	client, err := redis.NewCloudRedisRESTClient(t.Context(), option.WithHTTPClient(r.client()), option.WithEndpoint("http://redis.test"))
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	all := client.ListInstances(t.Context(), &redispb.ListInstancesRequest{Parent: location, PageSize: 2})
	out := compare.Outcome{Kind: compare.Succeeded}
	for {
		instance, err := all.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if refused, ok := errors.AsType[*apierror.APIError](err); ok {
			out.Kind, out.Word = compare.Refused, strconv.Itoa(refused.HTTPCode())
			break
		}
		if err != nil {
			out.Kind = compare.Unreadable
			break
		}
		out.Value += textOf(instance) + "\n"
	}
	out.Message = r.line()
	return out
}

// instanceText reads a value as the type that it has.
func instanceText(value json.RawMessage) string {
	var instance redispb.Instance
	if (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(value, &instance) != nil {
		return string(value)
	}
	return textOf(&instance)
}

func textOf(instance *redispb.Instance) string {
	out, err := protojson.Marshal(instance)
	if err != nil {
		return err.Error()
	}
	return compare.JSON(string(out)) // protojson adds spaces at random
}

// instanceList makes the answers of one list.
func instanceList(random *rand.Rand, i int) compare.Exchange {
	e := compare.Exchange{Name: fmt.Sprintf("google, generated %d", i)}
	for p := 2; random.IntN(4) != 0 && p < 9; p++ {
		token := quote(compare.Pick(random, "CAI=", "a b&c", "ü/+%", "1") + strconv.Itoa(p))
		e.Answers = append(e.Answers, instancesOf(random, &e, compare.Pick(random, `"nextPageToken":`, `"nextPageToken":`, `"next_page_token":`)+token))
	}
	switch odd(random, &e, 12) {
	case 0:
		status := compare.Pick(random, 400, 403, 404, 410)
		e.Answers = append(e.Answers, play.Answer{Status: status, Body: fmt.Sprintf(`{"error":{"code":%d,"message":"no","status":"SOME"}}`, status)})
	case 1:
		e.Answers = append(e.Answers, play.Answer{Body: compare.Pick(random, `<html>`, `[1]`, `{"instances":`, `{"instances":{}}`, `{"nextPageToken":5}`, `{"nextPageToken":{}}`, ``, `null`)})
	case 2:
		e.Traits = append(e.Traits, "a token under both names")
		e.Answers = append(e.Answers, play.Answer{Body: `{"nextPageToken":"a","next_page_token":"b"}`}, play.Answer{Body: `{}`})
	default:
		e.Answers = append(e.Answers, instancesOf(random, &e, compare.Pick(random, ``, `"nextPageToken":""`, `"nextPageToken":null`)))
	}
	return e
}

// instancesOf is a page, with what is beside its values.
func instancesOf(random *rand.Rand, e *compare.Exchange, beside string) play.Answer {
	values := `"instances":` + list(random, `{"name":"`+location+`/instances/%d", "memorySizeGb":3,"labels":{"a":"\u00fc"},"someNewField":[1]}`)
	page := func(fields ...string) play.Answer {
		body := beside
		for _, f := range fields {
			if body != "" {
				body += ","
			}
			body += f
		}
		return play.Answer{Body: "{" + body + "}"}
	}
	switch odd(random, e, 30) {
	case 0:
		e.Traits = append(e.Traits, "two arrays")
		return page(values, `"others":[1]`)
	case 1:
		e.Traits = append(e.Traits, "an object and no array")
		return page(`"warning":{"code":1}`)
	case 2:
		e.Traits = append(e.Traits, "a value of another type")
		return page(`"instances":["a"]`)
	case 3:
		e.Traits = append(e.Traits, "a list that is text")
		return page(`"instances":"a"`)
	case 4, 5, 6:
		return page()
	case 7:
		return page(`"instances":null`)
	case 8:
		return page(values, `"unreachable":["projects/p/locations/m"]`)
	case 9:
		return page(`"unreachable":["projects/p/locations/m"]`)
	case 10:
		return page(values, `"warning":{"code":1},"totalSize":5`)
	case 11:
		a := page(values)
		a.Status = compare.Pick(random, 201, 202, 203)
		return a
	}
	return page(values)
}
