package pages_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// perdures gives a client that reads a list with a pager: value by value, as each of
// the others does.
func perdures(pager protocol.Pager, first protocol.Ask, text func(json.RawMessage) string) compare.Client {
	return func(t *testing.T, service *play.Service) compare.Outcome {
		t.Helper()
		r := record(t, service)
		paging, err := pager.Bind(nil)
		require.NoError(t, err)
		out := compare.Outcome{Kind: compare.Succeeded}
		for next, more := json.RawMessage(nil), true; more; {
			ask, err := paging.Ask(first, next)
			require.NoError(t, err)
			e := send(t, r.client(), ask)
			if !e.Success() {
				out.Kind, out.Word = compare.Refused, strconv.Itoa(e.Status)
				break
			}
			page, err := paging.Read(e)
			if err != nil {
				out.Kind = compare.Unreadable
				break
			}
			var values []json.RawMessage
			require.NoError(t, json.Unmarshal(page.Values, &values))
			for _, v := range values {
				out.Value += text(v) + "\n"
			}
			next, more = page.Next, page.Next != nil
		}
		out.Message = r.line()
		return out
	}
}

func send(t *testing.T, client *http.Client, ask protocol.Ask) protocol.Exchange {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), ask.Method, ask.URL, bytes.NewReader(ask.Body))
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return protocol.Exchange{Method: ask.Method, URL: ask.URL, Status: response.StatusCode, Header: response.Header, Body: body, At: time.Now()}
}

func raw(value json.RawMessage) string { return string(value) }
