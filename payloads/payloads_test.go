package payloads_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/storage"
	"github.com/perdure-dev/perdure/tokens"
)

const canary = "canary-4711"

// keysetFile is a new one.
func keysetFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "payload-keyset.json")
	_, err := tokens.Create(path)
	require.NoError(t, err)
	return path
}

// newKeyset is the keyset of a new file.
func newKeyset(t *testing.T) *tokens.Keyset {
	t.Helper()
	keyset, err := tokens.LoadKeyset(keysetFile(t))
	require.NoError(t, err)
	return keyset
}

// written is a value as it is written.
func written(t *testing.T, p *payloads.Payloads, value any) *commonpb.Payload {
	t.Helper()
	payload, err := p.DataConverter().ToPayload(value)
	require.NoError(t, err)
	return payload
}

func keyID(p *commonpb.Payload) string { return string(p.GetMetadata()["encryption-key-id"]) }

// holdsCanary reports whether the message has it in clear.
func holdsCanary(t *testing.T, m proto.Message) bool {
	t.Helper()
	raw, err := proto.Marshal(m)
	require.NoError(t, err)
	return bytes.Contains(raw, []byte(canary))
}

func TestEncryption(t *testing.T) {
	plain := written(t, payloads.New(payloads.Options{}), map[string]string{"a": canary})
	require.True(t, holdsCanary(t, plain), "the search finds it")

	p := payloads.New(payloads.Options{Keyset: newKeyset(t)})
	payload := written(t, p, map[string]string{"a": canary})
	require.False(t, holdsCanary(t, payload))
	require.Equal(t, "binary/encrypted", string(payload.GetMetadata()["encoding"]))
	require.Len(t, payload.GetMetadata(), 2, "the payload's own metadata are encrypted too")
	require.NotEqual(t, payload.GetData(), written(t, p, map[string]string{"a": canary}).GetData(), "never the same twice")

	var got map[string]string
	require.NoError(t, p.DataConverter().FromPayload(payload, &got))
	require.Equal(t, map[string]string{"a": canary}, got)
	got = nil
	require.NoError(t, p.DataConverter().FromPayload(plain, &got), "what was written before there was a keyset")
	require.Equal(t, map[string]string{"a": canary}, got)
}

// TestRotation: readers get the new key first, then it writes.
func TestRotation(t *testing.T) {
	file := keysetFile(t)
	keyset, err := tokens.LoadKeyset(file)
	require.NoError(t, err)
	reader := payloads.New(payloads.Options{Keyset: keyset})
	old := written(t, reader, canary)
	_, err = tokens.AddKey(file)
	require.NoError(t, err)
	rotated, err := tokens.PromoteKey(file)
	require.NoError(t, err)
	renewed := written(t, payloads.New(payloads.Options{Keyset: rotated}), canary)
	require.Equal(t, strconv.FormatUint(uint64(rotated.PrimaryKeyID()), 10), keyID(renewed), "the newest writes")
	require.NotEqual(t, keyID(old), keyID(renewed))
	for _, payload := range []*commonpb.Payload{renewed, old} {
		var got string
		require.NoError(t, reader.DataConverter().FromPayload(payload, &got), "the file is read again at once")
		require.Equal(t, canary, got)
	}
	require.Equal(t, keyID(renewed), keyID(written(t, reader, canary)))
}

func TestUnreadable(t *testing.T) {
	p := payloads.New(payloads.Options{Keyset: newKeyset(t)})
	payload := written(t, p, canary)
	unreadable := func(t *testing.T, p *payloads.Payloads, payload *commonpb.Payload) {
		t.Helper()
		var got string
		err := p.DataConverter().FromPayload(payload, &got)
		require.ErrorIs(t, err, payloads.ErrUnreadable)
		require.Empty(t, got)
		require.NotContains(t, err.Error(), canary)
	}
	t.Run("every bit flipped", func(t *testing.T) {
		for bit := range 8 * len(payload.GetData()) {
			changed := proto.CloneOf(payload)
			changed.Data[bit/8] ^= 1 << (bit % 8)
			unreadable(t, p, changed)
		}
	})
	t.Run("cut off", func(t *testing.T) {
		for length := range payload.GetData() {
			changed := proto.CloneOf(payload)
			changed.Data = changed.Data[:length]
			unreadable(t, p, changed)
		}
	})
	t.Run("another keyset", func(t *testing.T) {
		unreadable(t, payloads.New(payloads.Options{Keyset: newKeyset(t)}), payload)
	})
}

// TestKeyThatArrivesLate: the SDK fails a workflow whose input it cannot decode.
func TestKeyThatArrivesLate(t *testing.T) {
	theirs := payloads.New(payloads.Options{Keyset: newKeyset(t)})
	ours := payloads.New(payloads.Options{Keyset: newKeyset(t)})
	payload := written(t, theirs, canary)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		aware, ok := ours.DataConverter().(workflow.ContextAware)
		if !ok {
			return errors.New("not aware of workflows")
		}
		return aware.WithWorkflowContext(ctx).FromPayload(payload, new(string))
	})
	var panicked *temporal.PanicError
	require.ErrorAs(t, env.GetWorkflowError(), &panicked, "an error would end the workflow, a panic only its task")
}

func TestFailures(t *testing.T) {
	p := payloads.New(payloads.Options{Keyset: newKeyset(t)})
	o := p.ClientOptions(client.Options{HostPort: "h"})
	require.Equal(t, "h", o.HostPort)
	cause := temporal.NewApplicationErrorWithOptions(canary, "OperationFailed", temporal.ApplicationErrorOptions{
		Details: []any{canary}, Cause: errors.New("within: " + canary),
	})
	none := payloads.New(payloads.Options{})
	plain := none.ClientOptions(client.Options{}).FailureConverter.ErrorToFailure(cause)
	require.True(t, holdsCanary(t, plain), "the search finds it")
	failure := o.FailureConverter.ErrorToFailure(cause)
	require.False(t, holdsCanary(t, failure))

	var app *temporal.ApplicationError
	require.ErrorAs(t, o.FailureConverter.FailureToError(failure), &app)
	require.Equal(t, canary, app.Message())
	var detail string
	require.NoError(t, app.Details(&detail))
	require.Equal(t, canary, detail)
}

// reference is a payload that was stored, as a history has it.
func reference(t *testing.T, store converter.StorageDriver, payload *commonpb.Payload) *commonpb.Payload {
	t.Helper()
	claims, err := store.Store(converter.StorageDriverStoreContext{Context: t.Context()}, []*commonpb.Payload{payload})
	require.NoError(t, err)
	data, err := protojson.Marshal(&sdkpb.ExternalStorageReference{DriverName: store.Name(), ClaimData: claims[0].ClaimData})
	require.NoError(t, err)
	return &commonpb.Payload{Data: data, Metadata: map[string][]byte{
		"encoding": []byte("json/protobuf"), "messageType": []byte("temporal.api.sdk.v1.ExternalStorageReference"),
	}}
}

func TestStoredIsEncryptedFirst(t *testing.T) {
	dir := t.TempDir()
	store, err := storage.Directory(dir)
	require.NoError(t, err)
	p := payloads.New(payloads.Options{Keyset: newKeyset(t), Store: store, ThresholdBytes: 2048})
	o := p.ClientOptions(client.Options{})
	require.Equal(t, []converter.StorageDriver{store}, o.ExternalStorage.Drivers)
	require.Equal(t, 2048, o.ExternalStorage.PayloadSizeThreshold)

	stored := reference(t, store, written(t, p, canary))
	var got string
	require.NoError(t, p.DataConverter().FromPayload(stored, &got), "as from the client's WorkflowService")
	require.Equal(t, canary, got)
	for _, file := range files(t, dir) {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(content), canary)
		content[len(content)/2] ^= 1
		require.NoError(t, os.WriteFile(file, content, 0o600))
	}
	require.ErrorContains(t, p.DataConverter().FromPayload(stored, &got), "integrity check failed")
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

func TestReferencesElsewhere(t *testing.T) {
	store, err := storage.Directory(t.TempDir())
	require.NoError(t, err)
	p := payloads.New(payloads.Options{Store: store})
	stored := reference(t, store, written(t, p, canary))
	stored.Data = bytes.Replace(stored.GetData(), []byte(store.Name()), []byte("another"), 1)
	require.ErrorContains(t, p.DataConverter().FromPayload(stored, new(string)), `stored in "another", which is not the store here`)
}

func TestHandler(t *testing.T) {
	store, err := storage.Directory(t.TempDir())
	require.NoError(t, err)
	p := payloads.New(payloads.Options{Keyset: newKeyset(t), Store: store})
	handler, err := p.Handler()
	require.NoError(t, err)
	ask := func(path string, in *commonpb.Payload) *commonpb.Payload {
		body, err := protojson.Marshal(&commonpb.Payloads{Payloads: []*commonpb.Payload{in}})
		require.NoError(t, err)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body)))
		require.Equal(t, http.StatusOK, w.Code, w.Body.String())
		var out commonpb.Payloads
		require.NoError(t, protojson.Unmarshal(w.Body.Bytes(), &out))
		return out.GetPayloads()[0]
	}
	encrypted := written(t, p, canary)
	require.Equal(t, `"`+canary+`"`, string(ask("/decode", encrypted).GetData()))
	require.Equal(t, `"`+canary+`"`, string(ask("/decode", reference(t, store, encrypted)).GetData()))
	require.Equal(t, `"`+canary+`"`, string(ask("/download", reference(t, store, encrypted)).GetData()))
	var got string
	require.NoError(t, p.DataConverter().FromPayload(ask("/encode", written(t, payloads.New(payloads.Options{}), canary)), &got))
	require.Equal(t, canary, got)
}

// TestEncryptedSize: what the activities take for the largest value fits when encrypted.
func TestEncryptedSize(t *testing.T) {
	const largest, temporalTakes = 1_900_000, 2 << 20
	p := payloads.New(payloads.Options{Keyset: newKeyset(t)})
	payload := written(t, p, strings.Repeat("x", largest))
	require.Less(t, proto.Size(payload), temporalTakes)
	require.Less(t, proto.Size(payload)-largest, 1000)
}
