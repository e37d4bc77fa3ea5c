package s3_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure/storage/s3"
)

// bucketOf is as much of S3 as a store needs.
type bucketOf struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func (b *bucketOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	object, ok := b.objects[r.URL.Path]
	switch {
	case r.Method == http.MethodPut:
		b.objects[r.URL.Path], _ = io.ReadAll(r.Body)
	case r.Method == http.MethodGet && ok:
		_, _ = w.Write(object)
	default:
		http.NotFound(w, r)
	}
}

func environment(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary-4711")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestBucket(t *testing.T) {
	environment(t)
	bucket := &bucketOf{objects: map[string][]byte{}}
	server := httptest.NewServer(bucket)
	defer server.Close()
	driver, err := s3.Open(t.Context(), "s3://b/p?endpoint="+server.URL)
	require.NoError(t, err)

	want := &commonpb.Payload{Data: []byte(strings.Repeat("x", 1<<20))}
	claims, err := driver.Store(converter.StorageDriverStoreContext{Context: t.Context()}, []*commonpb.Payload{want})
	require.NoError(t, err)
	require.Len(t, bucket.objects, 1)
	for name := range bucket.objects {
		require.True(t, strings.HasPrefix(name, "/b/p/v0/"), name)
	}
	got, err := driver.Retrieve(converter.StorageDriverRetrieveContext{Context: t.Context()}, claims)
	require.NoError(t, err)
	require.Equal(t, want.GetData(), got[0].GetData())

	for _, object := range bucket.objects {
		object[100] ^= 1
	}
	_, err = driver.Retrieve(converter.StorageDriverRetrieveContext{Context: t.Context()}, claims)
	require.ErrorContains(t, err, "integrity check failed")

	clear(bucket.objects)
	_, err = driver.Retrieve(converter.StorageDriverRetrieveContext{Context: t.Context()}, claims)
	require.ErrorContains(t, err, "store=s3://b/p")
	require.NotContains(t, err.Error(), "canary")
}

func TestOpenRefuses(t *testing.T) {
	environment(t)
	for url, want := range map[string]string{
		"b":              "s3: the URL want file:///DIRECTORY or s3://BUCKET",
		"file:///b":      "s3: the URL is not of a bucket",
		"s3://bucket":    "s3: no region: set it in the URL, or AWS_REGION",
		"s3://u:canary@": "s3: the URL has a user",
	} {
		_, err := s3.Open(t.Context(), url)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "canary")
	}
}
