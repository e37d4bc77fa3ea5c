package protocol_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jsonl"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
)

// namedStreamer is a streamer of another name.
type namedStreamer struct {
	protocol.Streamer
	name string
}

func (n namedStreamer) Name() string { return n.name }

func TestStreamers(t *testing.T) {
	s, err := protocol.NewStreamers(sse.Streamer{}, openai.Streamer{}, jsonl.Streamer{})
	require.NoError(t, err)
	require.Equal(t, []string{"jsonl", "openai", "sse"}, s.Names())
	streaming, err := s.Bind("sse", []byte(`{"endEvents":["bye"]}`))
	require.NoError(t, err)
	require.False(t, streaming.EndsClean())

	for _, test := range []struct{ name, streamer, options, field, message string }{
		{"unknown", "gopher", ``, "protocol.name", `"gopher" is unknown, want jsonl, openai, sse`},
		{"auto", "auto", ``, "protocol.name", `"auto" is unknown, want jsonl, openai, sse`},
		{"an option that is unknown", "sse", `{"width":1}`, "protocol.options.width", "unknown field"},
		{"an option that is malformed", "jsonl", `{"maxEventBytes":0}`, "protocol.options.maxEventBytes", "is 0, want 1 to 1900000"},
		{"no options", "openai", `[]`, "protocol.options", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.Bind(test.streamer, []byte(test.options))
			var bad *perdure.InputError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, test.field, bad.Field)
			require.Contains(t, bad.Message, test.message)
		})
	}
}

func TestStreamersWhoseNamesAreTaken(t *testing.T) {
	for _, name := range []string{"", "auto", "sse"} {
		_, err := protocol.NewStreamers(sse.Streamer{}, namedStreamer{jsonl.Streamer{}, name})
		require.ErrorContains(t, err, "is taken or not allowed", name)
	}
}
