package google_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/google"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

func TestCreateInItsForms(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	for range 2 {
		fake.On("POST", "/v1/"+parent+"/instances").Operation(
			perduretest.Pending("running").RemoteID(parent+"/operations/1").Progress(google.Metadata{Verb: "create"}),
			perduretest.Succeeded(google.Instance{Name: "cache", Host: "10.0.0.1"}))
	}
	instances := google.NewInstanceClient(fake.Starter(), nil)
	op, err := instances.CreateInstance(t.Context(), parent, "cache", cache(), nil)
	require.NoError(t, err)
	_, err = instances.CreateInstanceRaw(t.Context(), parent, "cache", json.RawMessage(`{"tier":"BASIC","memorySizeGb":1}`), nil)
	require.NoError(t, err)
	sent := fake.Operations()
	require.Equal(t, sent[0], sent[1])
	require.Equal(t, "/v1/"+parent+"/instances?instanceId=cache", sent[0].Request.URL)

	require.Equal(t, parent+"/operations/1", op.Name())
	metadata, err := op.Metadata(t.Context())
	require.NoError(t, err)
	require.Equal(t, google.Metadata{Verb: "create"}, metadata)
	token, err := op.Token(t.Context())
	require.NoError(t, err)
	same, err := instances.RehydrateCreateInstance(t.Context(), token, nil)
	require.NoError(t, err)
	instance, err := same.Wait(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "10.0.0.1", instance.Host)
	_, err = instances.RehydrateDeleteInstance(t.Context(), token, nil)
	require.ErrorIs(t, err, tokens.ErrType)
	require.ErrorContains(t, err, `"CreateInstance"`)
	require.ErrorContains(t, err, `"DeleteInstance"`)
}

func TestListGoesOnFromAToken(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("GET", "/v1/"+parent+"/instances").Pages(
		perduretest.NewPage(google.Instance{Name: "a"}), perduretest.NewPage(google.Instance{Name: "b"}))
	instances := google.NewInstanceClient(fake.Starter(), nil)
	var next tokens.Token
	for page, err := range instances.ListInstancePages(t.Context(), parent, nil) {
		require.NoError(t, err)
		next = page.NextPageToken
		break
	}
	for page, err := range instances.RehydrateInstancePages(t.Context(), next, nil) {
		require.NoError(t, err)
		require.Equal(t, []google.Instance{{Name: "b"}}, page.Values)
	}
}

// A list sends the same by its method and by a query of one's own, which gives the values
// as the API wrote them.
func TestListInItsForms(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	for range 2 {
		fake.On("GET", "/v1/"+parent+"/instances").Pages(perduretest.NewPage(json.RawMessage(`{"name":"a","labels":{"team":"shop"}}`)))
	}
	instances := google.NewInstanceClient(fake.Starter(), nil)
	for page, err := range instances.ListInstancePages(t.Context(), parent, nil) {
		require.NoError(t, err)
		require.Equal(t, []google.Instance{{Name: "a"}}, page.Values)
	}
	for page, err := range instances.ListInstancePagesRaw(t.Context(), parent, url.Values{"pageSize": {"2"}}, nil) {
		require.NoError(t, err)
		require.JSONEq(t, `{"name":"a","labels":{"team":"shop"}}`, string(page.Values[0]))
	}
	sent := fake.Collections()
	require.Len(t, sent, 2)
	require.Equal(t, "/v1/"+parent+"/instances?pageSize=2", sent[1].Request.URL)
	sent[1].Request.URL = sent[0].Request.URL
	require.Equal(t, sent[0], sent[1])
}
