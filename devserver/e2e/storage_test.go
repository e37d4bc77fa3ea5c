package e2e_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

const (
	requestBytes = 6 << 20
	resultBytes  = 60 << 20
)

// largeLimits admit the largest result.
const largeLimits = "    limits: {maxResponseBytes: 67108864, requestTimeoutSeconds: 120}\n"

// hoarder answers with large results: the digest of the request is in them.
type hoarder struct{}

func (hoarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		digest := sha256.New()
		_, _ = io.Copy(digest, r.Body)
		w.Header().Set("Location", fmt.Sprintf("%s/%x", r.URL.Path, digest.Sum(nil)))
		w.WriteHeader(http.StatusAccepted)
	case strings.HasPrefix(r.URL.Path, "/json/"):
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"request":%q,"canary":"canary-stored","filler":%q}`, filepath.Base(r.URL.Path), strings.Repeat("j", resultBytes))
	case strings.HasPrefix(r.URL.Path, "/bytes/"):
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(append([]byte(filepath.Base(r.URL.Path)), bytes.Repeat([]byte{0, 0xff, 'b'}, resultBytes/3)...))
	case r.URL.Path == "/pages":
		page(w, r)
	}
}

// page is one of so many, each of so many bytes, or of 2 KB.
func page(w http.ResponseWriter, r *http.Request) {
	at, _ := strconv.Atoi(r.URL.Query().Get("at"))
	pages, _ := strconv.Atoi(r.URL.Query().Get("pages"))
	size, _ := strconv.Atoi(r.URL.Query().Get("bytes"))
	next := ""
	if at+1 < pages {
		next = fmt.Sprintf(`,"nextLink":"/pages?pages=%d&at=%d&bytes=%d"`, pages, at+1, size)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"value":[{"number":%d,"filler":%q}]%s}`, at, strings.Repeat("p", cmp.Or(size, 2000)), next)
}

// large is the input of an operation with a large request.
func large(path string) (in perdure.OperationInput, digest string) {
	body := fmt.Appendf(nil, `{"filler":%q}`, strings.Repeat("r", requestBytes))
	return perdure.OperationInput{
		Request:  &perdure.Request{Service: "jobs", Method: "POST", URL: path, Body: perdure.JSONBody(body)},
		Protocol: &perdure.ProtocolChoice{Name: "location"}, Polling: &perdure.Polling{IntervalSeconds: 0.2},
	}, fmt.Sprintf("%x", sha256.Sum256(body))
}

type largeResult struct{ Request, Canary, Filler string }

func newHoarder(t *testing.T, s settings) *world {
	t.Helper()
	server := httptest.NewServer(hoarder{})
	t.Cleanup(server.Close)
	s.url, s.extra = server.URL, s.extra+largeLimits
	return newWorld(t, s)
}

// Requests of 6 MB, results of 60 MB, JSON and not: as though they were small, in Go and
// on the command line.
func TestLargeValuesInADirectory(t *testing.T) {
	dir := t.TempDir()
	w := newHoarder(t, settings{storage: `{url: "file://` + dir + `"}`})
	w.worker()
	w.largeValues(t)
	held := false
	for _, content := range objectsIn(t, dir) {
		held = held || bytes.Contains(content, []byte("canary-stored"))
	}
	require.True(t, held, "in clear, in the store")
}

// Through S3's protocol, and encrypted: the store holds nothing in clear.
func TestLargeValuesInABucketEncrypted(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary-aws")
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	require.NoError(t, backend.CreateBucket("blobs"))
	w := newHoarder(t, settings{encrypted: true, storage: `{url: "s3://blobs/perdure?endpoint=` + server.URL + `"}`})
	w.worker()
	w.largeValues(t)

	list, err := backend.ListBucket("blobs", nil, gofakes3.ListBucketPage{})
	require.NoError(t, err)
	require.NotEmpty(t, list.Contents)
	for _, object := range list.Contents {
		require.True(t, strings.HasPrefix(object.Key, "perdure/v0/ns/default/wt/"), object.Key)
		got, err := backend.GetObject("blobs", object.Key, nil)
		require.NoError(t, err)
		content, err := io.ReadAll(got.Contents)
		require.NoError(t, err)
		require.NotContains(t, string(content), "canary-stored")
		require.False(t, bytes.Contains(content, bytes.Repeat([]byte("j"), 64)), "the result")
		require.False(t, bytes.Contains(content, bytes.Repeat([]byte("r"), 64)), "the request")
	}
}

func (w *world) largeValues(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	in, digest := large("/json")
	id := w.queue + "-json"
	value, op, err := starter.Run[largeResult](ctx, w.client, in, &starter.StartOptions{ID: id})
	require.NoError(t, err)
	require.Equal(t, digest, value.Request, "the request arrived whole")
	require.Len(t, value.Filler, resultBytes)
	w.leavesHistorySmall(ctx, t, op.ID())

	_, elsewhere := w.dial(w.server)
	again, err := starter.Start[largeResult](ctx, elsewhere, in, &starter.StartOptions{ID: id})
	require.NoError(t, err, "the same input, compared with the stored one")
	value, err = again.Wait(ctx, nil)
	require.NoError(t, err)
	require.Len(t, value.Filler, resultBytes)
	in.Type = "another"
	_, err = starter.Start[largeResult](ctx, elsewhere, in, &starter.StartOptions{ID: id})
	conflict(t, err)

	in, digest = large("/bytes")
	raw, op2, err := starter.Run[[]byte](ctx, w.client, in, nil)
	require.NoError(t, err)
	require.Equal(t, digest, string(raw[:len(digest)]))
	require.Len(t, raw, len(digest)+resultBytes)
	w.leavesHistorySmall(ctx, t, op2.ID())

	stdout, stderr, exit := w.perdure(w.server, "", "wait", id, "--output", "json")
	require.Zero(t, exit, stderr)
	var printed struct{ Value largeResult }
	require.NoError(t, json.Unmarshal([]byte(stdout), &printed))
	require.Len(t, printed.Value.Filler, resultBytes)
	_, stderr, exit = w.perdure(w.server, "", "list")
	require.Zero(t, exit, stderr)
}

// leavesHistorySmall: what Temporal keeps are references.
func (w *world) leavesHistorySmall(ctx context.Context, t *testing.T, id string) {
	t.Helper()
	kept := &kept{w: w}
	kept.look(ctx, id)
	require.Less(t, len(kept.raw), 300_000)
	require.True(t, kept.holds("ExternalStorageReference"))
}

// objectsIn are the objects of a directory, by their file.
func objectsIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		out[path], err = os.ReadFile(path)
		return err
	}))
	require.NotEmpty(t, out)
	return out
}

// A bit that flips in the store is an error, and no result; when the object is mended, the
// result is there.
func TestDamageInTheStoreIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWorld(t, settings{storage: `{url: "file://` + dir + `", thresholdBytes: 2048}`})
	w.worker()
	ctx := patient(t)
	filler := strings.Repeat("x", 4096)
	_, op, err := starter.Run[map[string]any](ctx, w.client, job(`{"filler":"`+filler+`"}`), nil)
	require.NoError(t, err)
	whole := objectsIn(t, dir)
	for path, content := range whole {
		damaged := bytes.Clone(content)
		damaged[len(damaged)/2] ^= 1
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
	}
	elsewhere, err := starter.Attach[map[string]any](ctx, w.client, op.ID())
	require.NoError(t, err)
	value, err := elsewhere.Wait(ctx, nil)
	require.ErrorContains(t, err, "integrity check failed")
	require.Nil(t, value)
	_, stderr, exit := w.perdure(w.server, "", "wait", op.ID())
	require.Equal(t, 1, exit)
	require.Contains(t, stderr, "integrity check failed")

	for path, content := range whole {
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	value, err = elsewhere.Wait(ctx, nil)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(value), filler)
}

// Without a store a value that is too large ends the operation with what to set, and its
// token takes it up again when that is done.
func TestResponseTooLargeIsNotLost(t *testing.T) {
	t.Parallel()
	w := newHoarder(t, settings{})
	first := w.worker()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	in := perdure.OperationInput{
		Request:  &perdure.Request{Service: "jobs", Method: "POST", URL: "/json", Body: perdure.JSONBody(json.RawMessage(`{}`))},
		Protocol: &perdure.ProtocolChoice{Name: "location"}, Polling: &perdure.Polling{IntervalSeconds: 0.2},
	}
	_, op, err := starter.Run[largeResult](ctx, w.client, in, nil)
	var failed *perdure.OperationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, perdure.ErrorResponseTooLarge, failed.Type)
	require.Contains(t, failed.Error(), "1900000", "the limit")
	require.Contains(t, failed.Error(), "629", "the size")
	require.Contains(t, failed.Error(), "storage.url", "the setting")
	token, err := op.Token(ctx)
	require.NoError(t, err)

	first.stop()
	w.writePayloads(settings{storage: `{url: "file://` + t.TempDir() + `"}`})
	w.worker()
	_, stored := w.dial(w.server)
	resumed, err := starter.Rehydrate[largeResult](ctx, stored, token, nil)
	require.NoError(t, err)
	value, err := resumed.Wait(ctx, nil)
	require.NoError(t, err)
	require.Len(t, value.Filler, resultBytes)
}

// With a store the service's own limit holds, and says so.
func TestLimitWithAStore(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(hoarder{})
	t.Cleanup(server.Close)
	w := newWorld(t, settings{url: server.URL, storage: `{url: "file://` + t.TempDir() + `"}`})
	w.worker()
	ctx := patient(t)
	in := perdure.OperationInput{
		Request:  &perdure.Request{Service: "jobs", Method: "POST", URL: "/json", Body: perdure.JSONBody(json.RawMessage(`{}`))},
		Protocol: &perdure.ProtocolChoice{Name: "location"}, Polling: &perdure.Polling{IntervalSeconds: 0.2},
	}
	_, _, err := starter.Run[largeResult](ctx, w.client, in, nil)
	var failed *perdure.OperationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, perdure.ErrorResponseTooLarge, failed.Type)
	require.Contains(t, failed.Error(), `limits.maxResponseBytes of service "jobs"`)
}

// Pages of 5 MB, which no history takes: with a store they are read as any other.
func TestLargePagesInTheStore(t *testing.T) {
	t.Parallel()
	const pages, size = 3, 5 << 20
	w := newHoarder(t, settings{storage: `{url: "file://` + t.TempDir() + `"}`})
	w.worker()
	ctx := patient(t)
	c, err := starter.StartCollection[struct {
		Number int
		Filler string
	}](ctx, w.client, perdure.CollectionInput{
		Request:  &perdure.Request{Service: "jobs", Method: "GET", URL: fmt.Sprintf("/pages?pages=%d&bytes=%d", pages, size)},
		Protocol: &perdure.ProtocolChoice{Name: "nextlink"},
	}, nil)
	require.NoError(t, err)
	want := 0
	for value, err := range c.All(ctx, nil) {
		require.NoError(t, err)
		require.Equal(t, want, value.Number)
		require.Equal(t, strings.Repeat("p", size), value.Filler)
		want++
	}
	require.Equal(t, pages, want)
	w.leavesHistorySmall(ctx, t, c.ID())
}

// Pages of a collection, each in the store. PERDURE_STORED_PAGES says how many.
func TestPagesInTheStore(t *testing.T) {
	pages := scaled(t, "PERDURE_STORED_PAGES", 500)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "canary-aws")
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	require.NoError(t, backend.CreateBucket("blobs"))
	w := newHoarder(t, settings{storage: `{url: "s3://blobs?endpoint=` + server.URL + `", thresholdBytes: 1024}`})
	w.worker()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	c, err := starter.StartCollection[struct{ Number int }](ctx, w.client, perdure.CollectionInput{
		Request:  &perdure.Request{Service: "jobs", Method: "GET", URL: fmt.Sprintf("/pages?pages=%d", pages)},
		Protocol: &perdure.ProtocolChoice{Name: "nextlink"},
	}, nil)
	require.NoError(t, err)
	begin, want := time.Now(), 0
	for value, err := range c.All(ctx, nil) {
		require.NoError(t, err)
		require.Equal(t, want, value.Number)
		want++
	}
	require.Equal(t, pages, want)
	list, err := backend.ListBucket("blobs", nil, gofakes3.ListBucketPage{})
	require.NoError(t, err)
	t.Logf("%d pages in %s, %d objects", pages, time.Since(begin).Round(time.Second), len(list.Contents))
	require.GreaterOrEqual(t, len(list.Contents), pages)
}
