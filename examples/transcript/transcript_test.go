package transcript_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/transcript"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

func TestCreate(t *testing.T) {
	fake := perduretest.NewClient(t)
	fake.On("POST", "/transcripts").Operation(
		perduretest.Pending("working").Progress(transcript.Heard{Seconds: 30, Total: 60}),
		perduretest.Succeeded(transcript.Transcript{ID: "t1", State: "ready", Text: "Hello."}))
	transcripts := transcript.New(fake.Starter())

	op, err := transcripts.Create(t.Context(), transcript.Params{AudioURL: "https://example.com/a.mp3"}, nil)
	require.NoError(t, err)
	heard, err := op.Heard(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 30, heard.Seconds, 0)
	token, err := op.Token(t.Context())
	require.NoError(t, err)

	// Another process, after Temporal has forgotten this one's workflow.
	fake.Forget(op.ID())
	elsewhere, err := transcript.New(fake.Starter()).RehydrateCreate(t.Context(), token, nil)
	require.NoError(t, err)
	text, err := elsewhere.Wait(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "Hello.", text.Text)
	require.JSONEq(t, `{"audio_url":"https://example.com/a.mp3"}`, string(fake.Operations()[0].Request.Body.JSON))
}

func TestCreateThatBreaks(t *testing.T) {
	fake := perduretest.NewClient(t)
	fake.On("POST", "/transcripts").Operation(perduretest.Failed(perdure.ServiceError{
		Code: "noise", Message: "nobody speaks", Details: json.RawMessage(`{"problem":{"at_second":7}}`),
	}))
	op, err := transcript.New(fake.Starter()).Create(t.Context(), transcript.Params{}, nil)
	if err == nil {
		_, err = op.Wait(t.Context(), nil)
	}
	var broken *transcript.Error
	require.ErrorAs(t, err, &broken)
	require.Equal(t, transcript.Error{Code: "noise", Message: "nobody speaks", AtSecond: 7}, *broken)
}

func TestList(t *testing.T) {
	fake := perduretest.NewClient(t)
	fake.On("GET", "/transcripts").Pages(
		perduretest.NewPage(transcript.Transcript{ID: "t1"}, transcript.Transcript{ID: "t2"}),
		perduretest.NewPage(transcript.Transcript{ID: "t3"}))
	transcripts := transcript.New(fake.Starter())

	var ids []string
	for text, err := range transcripts.List(t.Context(), nil) {
		require.NoError(t, err)
		ids = append(ids, text.ID)
	}
	require.Equal(t, []string{"t1", "t2", "t3"}, ids)

	var next tokens.Token
	for page, err := range transcripts.Pages(t.Context(), nil) {
		require.NoError(t, err)
		next = page.NextPageToken
		break
	}
	for page, err := range transcripts.RehydratePages(t.Context(), next, nil) {
		require.NoError(t, err)
		require.Equal(t, "t3", page.Values[0].ID)
	}
	_, err := transcripts.RehydrateCreate(t.Context(), next, nil)
	require.ErrorIs(t, err, tokens.ErrKind)
}
