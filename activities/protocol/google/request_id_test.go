package google_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
)

const uuid4 = "0b2f7a2e-5b61-4c1a-9d3e-2f6f0f3c9a11"

func putKey(t *testing.T, options, key string, ask *protocol.Ask) (time.Duration, error) {
	t.Helper()
	b, err := google.Protocol{}.Bind([]byte(options))
	require.NoError(t, err)
	keyer, ok := b.(protocol.Keyer)
	require.True(t, ok)
	return keyer.PutKey(ask, key)
}

//rule:google 4
func TestRequestID(t *testing.T) {
	const inBody = `{"requestIdField":{"body":"request_id"}}`
	tests := []struct {
		name, options, url, body string
		wantURL, wantBody        string
	}{
		{"nowhere", ``, "https://h/v1/x?a=1", `{}`, "https://h/v1/x?a=1", `{}`},
		{"null", `{"requestIdField":null}`, "https://h/v1/x", ``, "https://h/v1/x", ``},
		{"into the query", `{"requestIdField":"requestId"}`, "https://h/v1/x", `{"a":1}`, "https://h/v1/x?requestId=" + uuid4, `{"a":1}`},
		{"into the query, by its name", `{"requestIdField":{"query":"request_id"}}`, "https://h/v1/x", ``, "https://h/v1/x?request_id=" + uuid4, ``},
		{"beside another parameter, byte for byte", `{"requestIdField":"requestId"}`, "https://h/v1/x?b=%2f+,&a", ``, "https://h/v1/x?b=%2f+,&a&requestId=" + uuid4, ``},
		{"in place of the caller's", `{"requestIdField":"requestId"}`, "https://h/v1/x?request%49d=other&a=1", ``, "https://h/v1/x?requestId=" + uuid4 + "&a=1", ``},
		{"into the body", inBody, "https://h/v1/x:run", `{"n":12345678901234567890}`, "https://h/v1/x:run", `{"n":12345678901234567890,"request_id":"` + uuid4 + `"}`},
		{"into a body that is empty", inBody, "https://h/v1/x:run", ``, "https://h/v1/x:run", `{"request_id":"` + uuid4 + `"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ask := protocol.Ask{Method: "POST", URL: tt.url, Body: []byte(tt.body)}
			window, err := putKey(t, tt.options, uuid4, &ask)
			require.NoError(t, err)
			require.Equal(t, tt.wantURL, ask.URL)
			require.Equal(t, tt.wantBody, string(ask.Body))
			if tt.url == tt.wantURL && tt.body == tt.wantBody {
				require.Zero(t, window)
				return
			}
			require.Equal(t, time.Hour, window)
		})
	}
	t.Run("a body that begins to be JSON says so", func(t *testing.T) {
		ask := protocol.Ask{Method: "POST", URL: "https://h/v1/x:run"}
		_, err := putKey(t, inBody, uuid4, &ask)
		require.NoError(t, err)
		require.Equal(t, http.Header{"Content-Type": {"application/json"}}, ask.Header)
	})
	t.Run("a body that cannot take it", func(t *testing.T) {
		ask := protocol.Ask{Method: "POST", URL: "https://h/v1/x:run", Body: []byte(`[1]`)}
		_, err := putKey(t, inBody, uuid4, &ask)
		var bad *perdure.InputError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "request.body", bad.Field)
		require.Equal(t, `[1]`, string(ask.Body))
	})
}

// With `requestIdField` a start carries a request id, the same on each repeat: the
// idempotency key where that is a UUID of version 4, else one made of it. It counts
// for an hour from the first sending, as the fields `request_id` of Google Cloud's
// APIs say.
//
//rule:google 4 AIP-155
func TestRequestIDIsAUUID4OfTheKey(t *testing.T) {
	id := func(key string) string {
		ask := protocol.Ask{Method: "POST", URL: "https://h/v1/x"}
		_, err := putKey(t, `{"requestIdField":"id"}`, key, &ask)
		require.NoError(t, err)
		return ask.URL[len("https://h/v1/x?id="):]
	}
	const derived = "a6f3ff6a-3f2b-5e7a-8f5a-0d9c0c8b7a66" // version 5, as a workflow's key is
	seen := map[string]string{}
	for _, key := range []string{uuid4, derived, "nightly-2026-11-21", "", "{" + uuid4 + "}", "00000000-0000-0000-0000-000000000000"} {
		got := id(key)
		require.Equal(t, got, id(key), "the same key, the same id")
		parsed, err := uuid.Parse(got)
		require.NoError(t, err)
		require.Equal(t, uuid.Version(4), parsed.Version(), key)
		require.Equal(t, uuid.RFC4122, parsed.Variant(), key)
		require.Empty(t, seen[got], "%q and %q have the same id", key, seen[got])
		seen[got] = key
	}
	require.Equal(t, uuid4, id(uuid4), "what is one stays as it is")
}
