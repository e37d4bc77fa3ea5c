package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestAStreamIsRead(t *testing.T) {
	service, requests := answers(t, events("event: add\nid: 1\ndata: a\n\ndata: b\n\n"))
	overStream(t, service, func(d *streamDesk) {
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Equal(t, "0 \"add\" \"1\" \"a\"\n1 \"message\" \"1\" \"b\"\n", string(d.log.recordOf()))
		require.Equal(t, "text/event-stream", (*requests)[0].Header.Get("Accept"))
		require.Equal(t, "identity", (*requests)[0].Header.Get("Accept-Encoding"))
	})
}

func TestTakenUp(t *testing.T) {
	service, requests := answers(t, broken("id: 1\ndata: a\n\ndata: b\n\nda"), events("data: b\n\nid: 2\ndata: c\n\n"))
	overStream(t, service, func(d *streamDesk) {
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.Equal(t, []string{"a", "b", "c"}, d.log.data())
		require.Equal(t, "1", (*requests)[1].Header.Get("Last-Event-Id"))
	})
}

var _ = perdure.ErrorStreamBroken
