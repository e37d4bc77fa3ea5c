package worker_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/nextlink"
	"github.com/perdure-dev/perdure/worker"
)

// ownProtocol is a user's own.
type ownProtocol struct{ name string }

func (p ownProtocol) Name() string { return p.name }

func (ownProtocol) Bind(options json.RawMessage) (protocol.Bound, error) {
	return nil, protocol.NoOptions(options)
}

// ownLocation is the protocol location under a user's own name.
type ownLocation struct{ location.Protocol }

func (ownLocation) Name() string { return "own" }

// ownPager is the pager nextlink under a user's own name.
type ownPager struct {
	nextlink.Pager
	name string
}

func (p ownPager) Name() string { return p.name }

func TestOwnProtocols(t *testing.T) {
	cfg := written(t, `tokens: {keysetFile: keyset.json}
services: {a: {baseURL: "https://a.example.com", protocol: {name: own}}}
`)
	require.ErrorContains(t, cfg.Check(), `services.a.protocol.name: "own" is unknown`)
	require.NoError(t, cfg.Check(ownProtocol{"own"}))
	o, err := cfg.Activities(ownProtocol{"own"})
	require.NoError(t, err)
	require.Subset(t, o.Protocols.Names(), []string{"azure", "google", "location", "openai", "own"})

	_, err = worker.New(nil, cfg, worker.Options{Protocols: []protocol.Protocol{ownProtocol{"openai"}}})
	require.ErrorContains(t, err, `the name "openai" is taken`)
}

// It decides on the start's 2xx answer: the protocols that a worker brings along are
// asked first, in their order, then `azure`, `google`, `openai` and `location`; the
// first that recognises the answer has the operation, without options.
//
// Each answer is one that all the protocols after the right one recognise too.
//
//rule:auto 1 -
func TestAutoTriesTheProtocolsInTheirOrder(t *testing.T) {
	o, err := written(t, `tokens: {keysetFile: keyset.json}
services: {a: {baseURL: "https://a.example.com"}}
`).Activities()
	require.NoError(t, err)
	const body = `{"name":"operations/7","id":"x","object":"batch","status":"in_progress"}`
	for _, tt := range []struct {
		name, body string
		header     map[string]string
		want       string
	}{
		{"Azure-AsyncOperation", body, map[string]string{"Azure-AsyncOperation": "/m", "Location": "/l"}, "azure"},
		{"Operation-Location", body, map[string]string{"Operation-Location": "/m", "Location": "/l"}, "azure"},
		{"a provisioningState", body[:len(body)-1] + `,"properties":{"provisioningState":"Creating"}}`, map[string]string{"Location": "/l"}, "azure"},
		{"a name of an operation", body, map[string]string{"Location": "/l"}, "google"},
		{"an object", `{"id":"x","object":"batch","status":"in_progress"}`, map[string]string{"Location": "/l"}, "openai"},
		{"a Location", `{}`, map[string]string{"Location": "/l"}, "location"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := protocol.Exchange{Method: http.MethodPost, URL: "https://a.example.com/x", Status: http.StatusAccepted, Header: http.Header{}, Body: []byte(tt.body)}
			for name, value := range tt.header {
				e.Header.Set(name, value)
			}
			got, _, ok := o.Protocols.Detect(e)
			require.True(t, ok)
			require.Equal(t, tt.want, got)
		})
	}
	t.Run("a user's own", func(t *testing.T) {
		o, err := written(t, `tokens: {keysetFile: keyset.json}
services: {a: {baseURL: "https://a.example.com"}}
`).Activities(ownLocation{})
		require.NoError(t, err)
		header := http.Header{"Azure-Asyncoperation": {"/m"}, "Location": {"/l"}}
		got, _, ok := o.Protocols.Detect(protocol.Exchange{Method: http.MethodPost, URL: "https://a.example.com/x", Status: http.StatusAccepted, Header: header, Body: []byte(body)})
		require.True(t, ok)
		require.Equal(t, "own", got)
	})
}

func TestOwnPagers(t *testing.T) {
	known, err := worker.Pagers(ownPager{name: "own"})
	require.NoError(t, err)
	require.Equal(t, []string{"google", "link", "nextlink", "openai", "own", "token"}, known.Names())

	_, err = worker.New(nil, written(t, `tokens: {keysetFile: keyset.json}
services: {a: {baseURL: "https://a.example.com"}}
`), worker.Options{Pagers: []protocol.Pager{ownPager{name: "openai"}}})
	require.ErrorContains(t, err, `the name "openai" is taken`)
}

// It decides on the first page: the pagers that a worker brings along are asked first, in
// their order, then `nextlink`, `openai`, `google` and `link`, all without options.
//
//rule:autopages 1 -
func TestAutoTriesThePagersInTheirOrder(t *testing.T) {
	const list = `"object":"list","data":[{"id":"a"}],"has_more":true,"nextPageToken":"t"}`
	own := []protocol.Pager{ownPager{name: "b"}, ownPager{name: "a"}}
	for _, tt := range []struct {
		name, body string
		own        []protocol.Pager
		want       string
	}{
		{"a user's own", `{"value":[1],"nextLink":"/y",` + list, own, "b"},
		{"a next link", `{"value":[1],"nextLink":"/y",` + list, nil, "nextlink"},
		{"a list", `{` + list, own, "openai"},
		{"a page token, and arrays that nobody can choose from", `{"a":[1],"b":[2],"nextPageToken":"t"}`, own, "google"},
		{"an array", `[1]`, own, "link"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			known, err := worker.Pagers(tt.own...)
			require.NoError(t, err)
			got, _, ok := known.Detect(protocol.Exchange{
				Method: http.MethodGet, URL: "https://a.example.com/x", Status: http.StatusOK,
				Header: http.Header{"Link": {`</y>; rel="next"`}}, Body: []byte(tt.body),
			})
			require.True(t, ok)
			require.Equal(t, tt.want, got)
		})
	}
}
