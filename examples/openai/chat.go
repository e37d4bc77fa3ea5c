package openai

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// ChatMessage is what one side says.
type ChatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// ChatParams are what is asked.
type ChatParams struct {
	Model    string        `json:"model"`
	Messages []ChatMessage `json:"messages"`
}

// ChatChunk is one event of an answer.
type ChatChunk struct {
	ID      string `json:"id"`
	Choices []struct {
		Delta        ChatMessage `json:"delta"`
		FinishReason string      `json:"finish_reason"`
	} `json:"choices"`
}

// Text is what this chunk adds to the answer; "" in the first and the last.
func (c ChatChunk) Text() string {
	if len(c.Choices) == 0 {
		return ""
	}
	return c.Choices[0].Delta.Content
}

// ChatClient has models answer, word by word. It is safe for concurrent use.
type ChatClient struct {
	stream starter.StreamMethod[ChatChunk]
}

// NewChatClient gives a client; nil options are the defaults.
func NewChatClient(c *starter.Client, o *ClientOptions) *ChatClient {
	return &ChatClient{
		stream: starter.StreamMethod[ChatChunk]{
			Service: newService(c, o), Type: "StreamChatCompletion", Path: "/chat/completions",
			Protocol: &perdure.ProtocolChoice{Name: "openai", Options: json.RawMessage(`{"json":true}`)},
		},
	}
}

// ChatStream is an answer that comes word by word, and stays: any number of readers may read
// it, each from any offset.
type ChatStream struct {
	*starter.Stream[ChatChunk]
}

// Text goes through the words of the answer from the first on, and waits for those to come.
// An error comes once, last.
func (s *ChatStream) Text(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for event, err := range s.Events(ctx, 0) {
			if err != nil {
				yield("", err)
				return
			}
			if text := event.Data.Text(); text != "" && !yield(text, nil) {
				return
			}
		}
	}
}

// StreamChat has a model answer. It returns when it is certain that the answer will be
// read; how the API answers is told by the stream.
func (c *ChatClient) StreamChat(ctx context.Context, params ChatParams, o *starter.ReadOptions) (*ChatStream, error) {
	body := struct {
		ChatParams
		Stream bool `json:"stream"`
	}{params, true}
	return chat(c.stream.Start(ctx, starter.Call{Body: body}, o))
}

// StreamChatRaw is StreamChat with a body of one's own, which has "stream": true.
func (c *ChatClient) StreamChatRaw(ctx context.Context, body json.RawMessage, o *starter.ReadOptions) (*ChatStream, error) {
	return chat(c.stream.Start(ctx, starter.Call{Body: body}, o))
}

// AttachChat gives an answer by its workflow id, while it is written and after.
func (c *ChatClient) AttachChat(ctx context.Context, id string) (*ChatStream, error) {
	return chat(c.stream.Attach(ctx, id))
}

// RehydrateChat takes up an answer from its token, in any process.
func (c *ChatClient) RehydrateChat(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*ChatStream, error) {
	return chat(c.stream.Rehydrate(ctx, token, o))
}

func chat(s *starter.Stream[ChatChunk], err error) (*ChatStream, error) {
	if s == nil {
		return nil, err
	}
	return &ChatStream{s}, err
}
