package webapp

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

const typeChat = "Chat"

// ChatService is the answers of a service that has OpenAI's chat completions, through
// Perdure.
type ChatService struct {
	Client *starter.Client
	// Name is what the workers' configuration calls the service.
	Name string
	// Model is the one to ask.
	Model string
}

// answerID is the workflow id of an answer. It is made of who asks, which nobody can
// choose, and so an address leads to another user's answer for nobody.
func answerID(user User, form string) string { return "catalogue-" + user.ID + "-chat-" + form }

// Ask implements [Answers].
func (s ChatService) Ask(ctx context.Context, user User, form, question string) error {
	body, err := json.Marshal(map[string]any{
		"model": s.Model, "stream": true, "messages": []map[string]string{{"role": "user", "content": question}},
	})
	if err != nil {
		return err
	}
	_, err = starter.StartStream[json.RawMessage](ctx, s.Client, perdure.StreamInput{
		Request:  &perdure.Request{Service: s.Name, Method: http.MethodPost, URL: "/chat/completions", Body: perdure.JSONBody(body)},
		Protocol: &perdure.ProtocolChoice{Name: "openai", Options: json.RawMessage(`{"json":true}`)},
		Type:     typeChat, Audience: user.ID,
	}, &starter.StreamOptions{ID: answerID(user, form)})
	return err
}

// Look implements [Answers].
func (s ChatService) Look(ctx context.Context, user User, form string) (Answer, error) {
	stream, err := s.attach(ctx, user, form)
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	if answer.Status, err = stream.Status(ctx); err != nil {
		return Answer{}, err
	}
	if answer.Status.Events == 0 || answer.Status.Stale { // stale: nobody is there to be asked for the words
		return answer, nil
	}
	var text strings.Builder
	for event, err := range stream.Events(ctx, 0) {
		if err != nil {
			return Answer{}, err
		}
		text.WriteString(deltaOf(event.Data))
		if answer.Next = event.Offset + 1; answer.Next >= answer.Status.Events {
			break // more would be waited for
		}
	}
	answer.Text = text.String()
	return answer, nil
}

// Read implements [Answers].
func (s ChatService) Read(ctx context.Context, user User, form string, from int) (iter.Seq2[Delta, error], error) {
	stream, err := s.attach(ctx, user, form)
	if err != nil {
		return nil, err
	}
	return func(yield func(Delta, error) bool) {
		for event, err := range stream.Events(ctx, from) {
			if err != nil {
				yield(Delta{}, err)
				return
			}
			if !yield(Delta{Offset: event.Offset, Text: deltaOf(event.Data)}, nil) {
				return
			}
		}
	}, nil
}

func (s ChatService) attach(ctx context.Context, user User, form string) (*starter.Stream[json.RawMessage], error) {
	return starter.AttachStream[json.RawMessage](ctx, s.Client, answerID(user, form))
}

// deltaOf is the text in a chunk of a chat completion; "": it has none, as the first and
// the last have not.
func deltaOf(data json.RawMessage) string {
	var chunk struct {
		Choices []struct {
			Delta struct {
				Content string `json:"content"`
			} `json:"delta"`
		} `json:"choices"`
	}
	if json.Unmarshal(data, &chunk) != nil || len(chunk.Choices) == 0 {
		return ""
	}
	return chunk.Choices[0].Delta.Content
}
