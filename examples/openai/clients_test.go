package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/openai"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// handle is what each of the operations has.
type handle interface {
	ID() string
	Token(ctx context.Context) (tokens.Token, error)
	Result(ctx context.Context) (perdure.OperationResult, error)
}

// method is one that starts an operation, in its three forms.
type method struct {
	name, path string
	start      func(context.Context, *starter.Client) (handle, error)
	body       string
	raw        func(context.Context, *starter.Client, json.RawMessage) (handle, error)
	rehydrate  func(context.Context, *starter.Client, tokens.Token) (handle, error)
}

func methods() []method {
	return []method{
		{
			"CreateVectorStore", "/vector_stores",
			func(ctx context.Context, c *starter.Client) (handle, error) {
				return openai.NewVectorStoreClient(c, nil).CreateVectorStore(ctx, openai.VectorStoreParams{Name: "a", FileIDs: []string{"f"}}, nil)
			},
			`{"name":"a","file_ids":["f"]}`,
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (handle, error) {
				return openai.NewVectorStoreClient(c, nil).CreateVectorStoreRaw(ctx, body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (handle, error) {
				return openai.NewVectorStoreClient(c, nil).RehydrateCreateVectorStore(ctx, token, nil)
			},
		},
		{
			"CreateVectorStoreFileBatch", "/vector_stores/vs_1/file_batches",
			func(ctx context.Context, c *starter.Client) (handle, error) {
				return openai.NewVectorStoreClient(c, nil).CreateFileBatch(ctx, "vs_1", openai.FileBatchParams{FileIDs: []string{"f"}}, nil)
			},
			`{"file_ids":["f"]}`,
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (handle, error) {
				return openai.NewVectorStoreClient(c, nil).CreateFileBatchRaw(ctx, "vs_1", body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (handle, error) {
				return openai.NewVectorStoreClient(c, nil).RehydrateCreateFileBatch(ctx, token, nil)
			},
		},
		{
			"CreateBatch", "/batches",
			func(ctx context.Context, c *starter.Client) (handle, error) {
				return openai.NewBatchClient(c, nil).CreateBatch(ctx, openai.BatchParams{InputFileID: "f", Endpoint: "/v1/x", CompletionWindow: "24h"}, nil)
			},
			`{"input_file_id":"f","endpoint":"/v1/x","completion_window":"24h"}`,
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (handle, error) {
				return openai.NewBatchClient(c, nil).CreateBatchRaw(ctx, body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (handle, error) {
				return openai.NewBatchClient(c, nil).RehydrateCreateBatch(ctx, token, nil)
			},
		},
		{
			"CreateFineTuningJob", "/fine_tuning/jobs",
			func(ctx context.Context, c *starter.Client) (handle, error) {
				return openai.NewFineTuningClient(c, nil).FineTune(ctx, openai.FineTuningJobParams{Model: "m", TrainingFile: "f"}, nil)
			},
			`{"model":"m","training_file":"f"}`,
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (handle, error) {
				return openai.NewFineTuningClient(c, nil).FineTuneRaw(ctx, body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (handle, error) {
				return openai.NewFineTuningClient(c, nil).RehydrateFineTune(ctx, token, nil)
			},
		},
		{
			"CreateBackgroundResponse", "/responses",
			func(ctx context.Context, c *starter.Client) (handle, error) {
				return openai.NewResponseClient(c, nil).CreateBackgroundResponse(ctx, openai.ResponseParams{Model: "m", Input: "Why?"}, nil)
			},
			`{"model":"m","input":"Why?","background":true}`,
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (handle, error) {
				return openai.NewResponseClient(c, nil).CreateBackgroundResponseRaw(ctx, body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (handle, error) {
				return openai.NewResponseClient(c, nil).RehydrateBackgroundResponse(ctx, token, nil)
			},
		},
	}
}

// Each method sends the same by its parameters and by a body of one's own, and is taken up
// from its token, which no other method takes.
func TestEachMethodInItsThreeForms(t *testing.T) {
	t.Parallel()
	for i, m := range methods() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			fake := perduretest.NewClient(t)
			for range 2 {
				fake.On("POST", m.path).Operation(perduretest.Pending("in_progress"), perduretest.Succeeded(map[string]string{"id": "x_1"}))
			}
			op, err := m.start(t.Context(), fake.Starter())
			require.NoError(t, err)
			_, err = m.raw(t.Context(), fake.Starter(), json.RawMessage(m.body))
			require.NoError(t, err)
			sent := fake.Operations()
			require.Len(t, sent, 2)
			require.JSONEq(t, m.body, string(sent[0].Request.Body.JSON))
			require.JSONEq(t, m.body, string(sent[1].Request.Body.JSON))
			require.Equal(t, m.name, sent[0].Type)
			require.Equal(t, "openai", sent[0].Request.Service)

			token, err := op.Token(t.Context())
			require.NoError(t, err)
			same, err := m.rehydrate(t.Context(), fake.Starter(), token)
			require.NoError(t, err)
			require.Equal(t, op.ID(), same.ID())
			result, err := same.Result(t.Context())
			require.NoError(t, err)
			require.JSONEq(t, `{"id":"x_1"}`, string(result.Value))

			other := methods()[(i+1)%len(methods())]
			_, err = other.rehydrate(t.Context(), fake.Starter(), token)
			require.ErrorIs(t, err, tokens.ErrType)
			require.ErrorContains(t, err, m.name)
			require.ErrorContains(t, err, other.name)
		})
	}
}

// A handle that comes beside an error is there, and where there is none it is nil.
func TestAHandleBesideAnError(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/batches").Operation(perduretest.Rejected(perdure.ServiceError{
		Code: "file_not_found", Message: "no such file", HTTPStatus: 400,
		Details: json.RawMessage(`{"error":{"param":"input_file_id","type":"invalid_request_error"}}`),
	}))
	batches := openai.NewBatchClient(fake.Starter(), nil)
	op, err := batches.CreateBatch(t.Context(), openai.BatchParams{InputFileID: "f"}, nil)
	require.NotNil(t, op)
	var refused *openai.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, openai.Error{StatusCode: 400, Code: "file_not_found", Message: "no such file", Param: "input_file_id", Type: "invalid_request_error"}, *refused)
	require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorStartRejected})

	op, err = batches.RehydrateCreateBatch(t.Context(), tokens.Token{}, nil)
	require.Nil(t, op)
	require.ErrorIs(t, err, tokens.ErrMalformed)
}

func TestListsAreReadByValuesAndByPages(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	for range 3 {
		fake.On("GET", "/assistants").Pages(perduretest.NewPage(openai.Assistant{ID: "a1"}), perduretest.NewPage(openai.Assistant{ID: "a2"}))
	}
	assistants := openai.NewAssistantClient(fake.Starter(), nil)
	var ids []string
	for a, err := range assistants.ListAssistants(t.Context(), openai.ListParams{}, nil) {
		require.NoError(t, err)
		ids = append(ids, a.ID)
	}
	require.Equal(t, []string{"a1", "a2"}, ids)
	for page, err := range assistants.ListAssistantPagesRaw(t.Context(), nil, nil) {
		require.NoError(t, err)
		require.Contains(t, string(page.Values[0]), `"a1"`)
		next, err := assistants.GetAssistantPage(t.Context(), page.NextPageToken, nil)
		require.NoError(t, err)
		require.Equal(t, "a2", next.Values[0].ID)
		break
	}
}

// Each list sends the same by its parameters and by a query of one's own, which gives the
// values as the API wrote them.
func TestEachListInItsForms(t *testing.T) {
	t.Parallel()
	params := openai.ListParams{Limit: 2, Order: "asc"}
	for _, tc := range []struct {
		name, path string
		typed      func(context.Context, *starter.Client) error
		raw        func(context.Context, *starter.Client, url.Values) iter.Seq2[*starter.Page[json.RawMessage], error]
	}{
		{
			"ListAssistants", "/assistants",
			func(ctx context.Context, c *starter.Client) error {
				for _, err := range openai.NewAssistantClient(c, nil).ListAssistantPages(ctx, params, nil) {
					if err != nil {
						return err
					}
				}
				return nil
			},
			func(ctx context.Context, c *starter.Client, query url.Values) iter.Seq2[*starter.Page[json.RawMessage], error] {
				return openai.NewAssistantClient(c, nil).ListAssistantPagesRaw(ctx, query, nil)
			},
		},
		{
			"ListBatches", "/batches",
			func(ctx context.Context, c *starter.Client) error {
				for _, err := range openai.NewBatchClient(c, nil).ListBatchPages(ctx, params, nil) {
					if err != nil {
						return err
					}
				}
				return nil
			},
			func(ctx context.Context, c *starter.Client, query url.Values) iter.Seq2[*starter.Page[json.RawMessage], error] {
				return openai.NewBatchClient(c, nil).ListBatchPagesRaw(ctx, query, nil)
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fake := perduretest.NewClient(t)
			for range 2 {
				fake.On("GET", tc.path).Pages(perduretest.NewPage(json.RawMessage(`{"id":"x_1","size":12345678901234567890}`)))
			}
			require.NoError(t, tc.typed(t.Context(), fake.Starter()))
			for page, err := range tc.raw(t.Context(), fake.Starter(), url.Values{"limit": {"2"}, "order": {"asc"}}) {
				require.NoError(t, err)
				require.Len(t, page.Values, 1)
				require.Equal(t, `{"id":"x_1","size":12345678901234567890}`, string(page.Values[0]))
			}
			sent := fake.Collections()
			require.Len(t, sent, 2)
			require.Equal(t, sent[0], sent[1])
			require.Equal(t, tc.name, sent[0].Type)
			require.Equal(t, tc.path+"?limit=2&order=asc", sent[0].Request.URL)
		})
	}
}

func TestAChatThatBreaks(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/chat/completions").Stream(
		perduretest.NewEvent(json.RawMessage(`{"choices":[{"delta":{"content":"Be"}}]}`)),
		perduretest.BrokenStream(perdure.ErrorOperationFailed, perdure.ServiceError{Code: "overloaded", Message: "later"}))
	answer, err := openai.NewChatClient(fake.Starter(), nil).StreamChat(t.Context(), openai.ChatParams{Model: "m"}, nil)
	require.NoError(t, err)
	var text strings.Builder
	for words, err := range answer.Text(t.Context()) {
		if err != nil {
			var failed *openai.Error
			require.True(t, errors.As(err, &failed))
			require.Equal(t, "overloaded", failed.Code)
			break
		}
		text.WriteString(words)
	}
	require.Equal(t, "Be", text.String())
}
