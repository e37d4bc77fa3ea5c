package storage_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/perdure-dev/perdure/storage"
)

func payload(data string) *commonpb.Payload {
	return &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("binary/plain")}, Data: []byte(data)}
}

func storing(t *testing.T, workflowID string) converter.StorageDriverStoreContext {
	t.Helper()
	return converter.StorageDriverStoreContext{Context: t.Context(), Target: converter.StorageDriverWorkflowInfo{Namespace: "n", WorkflowType: "w", WorkflowID: workflowID}}
}

func retrieving(t *testing.T) converter.StorageDriverRetrieveContext {
	t.Helper()
	return converter.StorageDriverRetrieveContext{Context: t.Context()}
}

func directory(t *testing.T) (string, converter.StorageDriver) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made", "blobs")
	d, err := storage.Directory(path)
	require.NoError(t, err)
	return path, d
}

func objects(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	require.NoError(t, err)
	return found
}

func TestDirectory(t *testing.T) {
	dir, d := directory(t)
	for _, id := range []string{"w1", "..", "a/../../b", strings.Repeat("long", 250)} {
		in := []*commonpb.Payload{payload("a"), payload(""), payload(strings.Repeat("b", 3<<20))}
		claims, err := d.Store(storing(t, id), in)
		require.NoError(t, err)
		out, err := d.Retrieve(retrieving(t), claims)
		require.NoError(t, err)
		require.Len(t, out, len(in))
		for i := range in {
			require.True(t, proto.Equal(in[i], out[i]))
		}
	}
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestStoringAgainIsTheSameObject(t *testing.T) {
	dir, d := directory(t)
	first, err := d.Store(storing(t, "w"), []*commonpb.Payload{payload("a")})
	require.NoError(t, err)
	damage(t, dir)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			again, err := d.Store(storing(t, "w"), []*commonpb.Payload{payload("a")})
			if err != nil || again[0].ClaimData["key"] != first[0].ClaimData["key"] {
				t.Errorf("%v, %v", again, err)
			}
		})
	}
	group.Wait()
	require.Len(t, objects(t, dir), 1)
	out, err := d.Retrieve(retrieving(t), first)
	require.NoError(t, err, "mended")
	require.Equal(t, "a", string(out[0].GetData()))

	_, err = d.Store(storing(t, "another"), []*commonpb.Payload{payload("a")})
	require.NoError(t, err)
	require.Len(t, objects(t, dir), 2, "no two workflows share one")
}

// damage flips a bit in every object.
func damage(t *testing.T, dir string) {
	t.Helper()
	for _, name := range objects(t, dir) {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		content[len(content)-1] ^= 1
		require.NoError(t, os.WriteFile(name, content, 0o600))
	}
}

func TestDamageIsAnError(t *testing.T) {
	dir, d := directory(t)
	claims, err := d.Store(storing(t, "w"), []*commonpb.Payload{payload("a"), payload("b")})
	require.NoError(t, err)
	damage(t, dir)
	out, err := d.Retrieve(retrieving(t), claims)
	require.ErrorContains(t, err, "integrity check failed")
	require.Empty(t, out)
	for _, name := range objects(t, dir) {
		require.NoError(t, os.Remove(name))
	}
	_, err = d.Retrieve(retrieving(t), claims)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "store=file://"+dir)
}

// TestClaimsStayInTheStore: a claim comes from a history, or from whoever asks a codec
// server.
func TestClaimsStayInTheStore(t *testing.T) {
	dir, d := directory(t)
	secret := filepath.Join(filepath.Dir(dir), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("canary-4711"), 0o600))
	for _, key := range []string{"../secret", secret, "a/../../secret", "", "\x00"} {
		_, err := d.Retrieve(retrieving(t), []converter.StorageDriverClaim{{ClaimData: map[string]string{
			"bucket": "/", "key": key, "hash_algorithm": "sha256", "hash_value": strings.Repeat("0", 64),
		}}})
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	_, err := d.Retrieve(retrieving(t), []converter.StorageDriverClaim{{}})
	require.Error(t, err)
}

// permits counts the payloads that a permit was asked for.
type permits struct {
	mu    sync.Mutex
	given map[string]int
}

func (p *permits) Permit(_ context.Context, item *commonpb.Payload, do func() error) error {
	p.mu.Lock()
	p.given[string(item.GetData())]++
	p.mu.Unlock()
	return do()
}

func TestEachPayloadTakesAPermit(t *testing.T) {
	_, d := directory(t)
	limiter := &permits{given: map[string]int{}}
	ctx := storing(t, "w")
	ctx.Limiter = limiter
	_, err := d.Store(ctx, []*commonpb.Payload{payload("a"), payload("b"), payload("c")})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1}, limiter.given)
}

func TestParseURL(t *testing.T) {
	for text, want := range map[string]storage.URL{
		"file:///var/lib/blobs": {Directory: "/var/lib/blobs"},
		"s3://b":                {Bucket: "b"},
		"s3://b/":               {Bucket: "b"},
		"s3://b/p/q/":           {Bucket: "b", Prefix: "p/q/"},
		"s3://b/p?endpoint=http://127.0.0.1:9000&region=eu-1": {Bucket: "b", Prefix: "p/", Endpoint: "http://127.0.0.1:9000", Region: "eu-1"},
	} {
		got, err := storage.ParseURL(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"":                                  "want file:///DIRECTORY or s3://BUCKET",
		"/var/lib":                          "want file:///DIRECTORY or s3://BUCKET",
		"gs://b":                            "want file:///DIRECTORY or s3://BUCKET",
		"file://var/lib":                    "want file:///DIRECTORY, an absolute path",
		"file:///a?b=c":                     "want file:///DIRECTORY, an absolute path",
		"s3:///p":                           "want s3://BUCKET",
		"s3://key:canary@b":                 "has a user",
		"s3://b?secret=canary":              "has a query other than",
		"s3://b?region=a&region=b":          "has a query other than",
		"s3://b?endpoint=minio":             "has an endpoint that is no",
		"s3://b?endpoint=http://u:canary@h": "has an endpoint that is no",
		"s3://b#f":                          "has a fragment",
		"s3://canary:%zz":                   "is no URL",
	} {
		_, err := storage.ParseURL(text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "canary")
	}
}
