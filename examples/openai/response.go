package openai

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Response is a model's answer.
type Response struct {
	ID     string       `json:"id"`
	Status string       `json:"status"`
	Model  string       `json:"model"`
	Output []OutputItem `json:"output"`
}

// OutputItem is a part of a response: a message, or a call of a tool.
type OutputItem struct {
	Type    string `json:"type"`
	Content []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"content"`
}

// OutputText is all text of the messages in the output.
func (r Response) OutputText() string {
	var text strings.Builder
	for _, item := range r.Output {
		for _, part := range item.Content {
			if part.Type == "output_text" {
				text.WriteString(part.Text)
			}
		}
	}
	return text.String()
}

// ResponseParams are what is asked.
type ResponseParams struct {
	Model        string `json:"model"`
	Input        string `json:"input"`
	Instructions string `json:"instructions,omitempty"`
}

// ResponseClient has models answer in the background. It is safe for concurrent use.
type ResponseClient struct {
	create starter.OperationMethod[Response]
}

// NewResponseClient gives a client; nil options are the defaults.
func NewResponseClient(c *starter.Client, o *ClientOptions) *ResponseClient {
	return &ResponseClient{
		create: starter.OperationMethod[Response]{Service: newService(c, o), Type: "CreateBackgroundResponse", Path: "/responses"},
	}
}

// BackgroundResponseOperation is a model's work on an answer. One that ends as
// "incomplete" is a failure with that code; what was written so far is in its details.
type BackgroundResponseOperation struct {
	*starter.Operation[Response]
}

// ResponseID is the response's id, known before it is done.
func (o *BackgroundResponseOperation) ResponseID() string { return o.LastStatus().RemoteID }

// CreateBackgroundResponse has a model answer, and returns when the API has taken the
// request.
func (c *ResponseClient) CreateBackgroundResponse(ctx context.Context, params ResponseParams, o *starter.CallOptions) (*BackgroundResponseOperation, error) {
	body := struct {
		ResponseParams
		Background bool `json:"background"`
	}{params, true}
	return background(c.create.Start(ctx, starter.Call{Body: body}, o))
}

// CreateBackgroundResponseRaw is CreateBackgroundResponse with a body of one's own, which
// has "background": true.
func (c *ResponseClient) CreateBackgroundResponseRaw(ctx context.Context, body json.RawMessage, o *starter.CallOptions) (*BackgroundResponseOperation, error) {
	return background(c.create.Start(ctx, starter.Call{Body: body}, o))
}

// RehydrateBackgroundResponse takes up a model's work from its token, in any process.
func (c *ResponseClient) RehydrateBackgroundResponse(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*BackgroundResponseOperation, error) {
	return background(c.create.Rehydrate(ctx, token, o))
}

func background(op *starter.Operation[Response], err error) (*BackgroundResponseOperation, error) {
	if op == nil {
		return nil, err
	}
	return &BackgroundResponseOperation{op}, err
}
