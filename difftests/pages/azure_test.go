package pages_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/nextlink"
	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

const vaults = "http://arm.test/vaults?api-version=2024-01-01&%24top=2"

//rule:nextlink 1
//rule:nextlink 2
func TestAzure(t *testing.T) {
	t.Parallel()
	const generated = 400
	random := rand.New(rand.NewPCG(4, 1))
	var all []compare.Exchange
	for i := range generated {
		all = append(all, vaultList(random, i))
	}
	for i := range all {
		all[i].Theirs = azures
		all[i].Ours = perdures(nextlink.Pager{}, protocol.Ask{Method: http.MethodGet, URL: vaults}, raw)
	}
	compare.Run(t, all, map[string]compare.Difference{
		"a relative link":                 {Theirs: compare.Unreadable, Ours: compare.Succeeded, Why: "azcore sends a next link as it is, and a relative one has no host; RFC 3986 section 5.2 and OData 4.01 allow for it"},
		"a query in another spelling":     {Theirs: compare.Succeeded, Ours: compare.Succeeded, Why: "azcore reads a link's query and writes it again, in the order of names and in Go's escapes; Perdure uses it byte for byte, as it may be signed"},
		"a query that azcore cannot read": {Theirs: compare.Unreadable, Ours: compare.Succeeded, Why: "as a query in another spelling"},
		"no value":                        {Theirs: compare.Succeeded, Ours: compare.Unreadable, Why: "for azcore a page without value is empty; for Perdure it breaks the protocol: a list that goes missing must not look like one that is empty"},
		"a 2xx that is not 200":           {Theirs: compare.Refused, Ours: compare.Succeeded, Why: "azcore takes 200 only, where the client lists no other status"},
		"a byte order mark":               {Theirs: compare.Unreadable, Ours: compare.Succeeded, Why: "azcore's UnmarshalAsJSON drops the mark from the response after it has taken the text from it"},
		"a link in OData's annotation":    {Theirs: compare.Succeeded, Ours: compare.Succeeded, Why: "azcore knows a next link by the field that the model names, here nextLink; Perdure looks for @odata.nextLink too, and finds another page"},
	})
}

// vaultPage is the model that Azure's generator would write.
type vaultPage struct {
	Value    []json.RawMessage `json:"value"`
	NextLink *string           `json:"nextLink"`
}

// azures lists as a generated client does.
func azures(t *testing.T, service *play.Service) compare.Outcome {
	t.Helper()
	r := record(t, service)
	pipeline := runtime.NewPipeline("difftests", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{
		Transport: r.client(), Retry: policy.RetryOptions{MaxRetries: -1}, InsecureAllowCredentialWithHTTP: true,
	})
	pager := runtime.NewPager(runtime.PagingHandler[vaultPage]{
		More: func(page vaultPage) bool { return page.NextLink != nil && len(*page.NextLink) > 0 },
		Fetcher: func(ctx context.Context, page *vaultPage) (vaultPage, error) {
			next := ""
			if page != nil {
				next = *page.NextLink
			}
			response, err := runtime.FetcherForNextLink(ctx, pipeline, next, func(ctx context.Context) (*policy.Request, error) { //nolint:bodyclose // UnmarshalAsJSON reads it
				return runtime.NewRequest(ctx, http.MethodGet, vaults)
			}, nil)
			if err != nil {
				return vaultPage{}, err
			}
			var out vaultPage
			return out, runtime.UnmarshalAsJSON(response, &out)
		},
	})
	out := compare.Outcome{Kind: compare.Succeeded}
	for pager.More() {
		page, err := pager.NextPage(t.Context())
		if refused, ok := errors.AsType[*azcore.ResponseError](err); ok {
			out.Kind, out.Word = compare.Refused, strconv.Itoa(refused.StatusCode)
			break
		}
		if err != nil {
			out.Kind = compare.Unreadable
			break
		}
		for _, v := range page.Value {
			out.Value += string(v) + "\n"
		}
	}
	out.Message = r.line()
	return out
}

// vaultList makes the answers of one list.
func vaultList(random *rand.Rand, i int) compare.Exchange {
	e := compare.Exchange{Name: fmt.Sprintf("azure, generated %d", i)}
	for p := 2; random.IntN(4) != 0 && p < 9; p++ {
		e.Answers = append(e.Answers, vaultsOf(random, &e, `,"nextLink":`+quote(nextLink(random, &e, p))))
	}
	switch odd(random, &e, 12) {
	case 0:
		e.Answers = append(e.Answers, play.Answer{Status: compare.Pick(random, 400, 403, 404, 410), Body: `{"error":{"code":"No"}}`})
	case 1:
		e.Answers = append(e.Answers, play.Answer{Body: compare.Pick(random, `<html>`, `[1]`, `{"value":`, `{"value":"x"}`, `{"value":{}}`, `{"value":[],"nextLink":5}`, `{"value":[],"nextLink":{}}`)})
	case 2:
		e.Traits = append(e.Traits, "a link in OData's annotation")
		e.Answers = append(e.Answers, vaultsOf(random, &e, `,"@odata.nextLink":"http://arm.test/vaults?p=odata"`), vaultsOf(random, &e, ``))
	default:
		e.Answers = append(e.Answers, vaultsOf(random, &e, compare.Pick(random, ``, `,"nextLink":null`, `,"nextLink":""`)))
	}
	return e
}

// vaultsOf is a page, with what is beside its values.
func vaultsOf(random *rand.Rand, e *compare.Exchange, beside string) play.Answer {
	a := play.Answer{Body: `{"value":` + list(random, `{"name":"v%d","size": 1.10,"id":12345678901234567890}`) + beside + `}`}
	switch odd(random, e, 30) {
	case 0:
		e.Traits = append(e.Traits, "no value")
		a.Body = `{"count":0` + beside + `}`
	case 1:
		e.Traits = append(e.Traits, "a 2xx that is not 200")
		a.Status = compare.Pick(random, 201, 202, 203)
	case 2:
		a.Body = `{"value":null` + beside + `}`
	case 3:
		e.Traits = append(e.Traits, "a byte order mark")
		a.Body = "\xef\xbb\xbf" + a.Body
	}
	return a
}

func nextLink(random *rand.Rand, e *compare.Exchange, page int) string {
	switch odd(random, e, 15) {
	case 0:
		e.Traits = append(e.Traits, "a relative link")
		return fmt.Sprintf("/vaults?p=%d", page)
	case 1:
		e.Traits = append(e.Traits, "a query in another spelling")
		return fmt.Sprintf(compare.Pick(random, "http://arm.test/vaults?z=1&p=%d", "http://arm.test/vaults?$skiptoken=%d", "http://arm.test/vaults?sig=a%%2fb&z=%d", "http://arm.test/vaults?p=%d&q=x%%20y", "http://arm.test/vaults?p=%d&q=a;b"), page)
	case 2:
		e.Traits = append(e.Traits, "a query that azcore cannot read")
		return fmt.Sprintf("http://arm.test/vaults?p=%d&q=100%%", page)
	case 3:
		return fmt.Sprintf("http://eu.test:8080/v%%2Fx/vaults?p=%d", page)
	case 4:
		return fmt.Sprintf("http://arm.test/vaults/%d", page)
	}
	return fmt.Sprintf("http://arm.test/vaults?%%24skiptoken=%d&api-version=2024-01-01", page)
}

// odd is a number below n, but n itself once there is something particular about an
// exchange: one thing is enough.
func odd(random *rand.Rand, e *compare.Exchange, n int) int {
	if len(e.Traits) > 0 {
		return n
	}
	return random.IntN(n)
}

// list is an array of up to three values, or of none.
func list(random *rand.Rand, value string) string {
	var values []string
	for range random.IntN(4) {
		values = append(values, fmt.Sprintf(value, random.IntN(100)))
	}
	return "[" + strings.Join(values, ", ") + "]"
}

func quote(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// Both ask for the next page by another method where they are told to.
//
//rule:pages 6a
func TestAzureNextMethod(t *testing.T) {
	t.Parallel()
	answers := []play.Answer{{Body: `{"value":[1],"nextLink":"http://arm.test/vaults?p=2"}`}, {Body: `{"value":[2]}`}}
	theirs := record(t, play.New(answers...))
	pipeline := runtime.NewPipeline("difftests", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: theirs.client()})
	for _, next := range []string{"", "http://arm.test/vaults?p=2"} {
		response, err := runtime.FetcherForNextLink(t.Context(), pipeline, next, func(ctx context.Context) (*policy.Request, error) {
			return runtime.NewRequest(ctx, http.MethodGet, vaults)
		}, &runtime.FetcherForNextLinkOptions{HTTPVerb: http.MethodPost})
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}

	own := record(t, play.New(answers...))
	paging, err := nextlink.Pager{}.Bind([]byte(`{"nextMethod":"POST"}`))
	require.NoError(t, err)
	first := protocol.Ask{Method: http.MethodGet, URL: vaults}
	page, err := paging.Read(send(t, own.client(), first))
	require.NoError(t, err)
	ask, err := paging.Ask(first, page.Next)
	require.NoError(t, err)
	send(t, own.client(), ask)
	require.Equal(t, theirs.requests, own.requests)
}
