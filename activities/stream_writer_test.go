package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

// An attempt that was thought dead asks for its place only after the next one has begun:
// it does not become the one that writes.
func TestAnEarlierAttemptDoesNotTakeOver(t *testing.T) {
	service, requests := answers(t, func(http.ResponseWriter, *http.Request) {})
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		later := time.Now().Add(time.Minute).UnixMicro()
		d.log.pos = perdure.LogPosition{Writer: later}
		require.ErrorContains(t, d.read(feed()), "a later attempt")
		require.Equal(t, later, d.log.pos.Writer)
		require.Empty(t, *requests)
	})
}

// The log was terminated, and another one has its id: it is not taken for it.
func TestAnotherLogWithTheSameIDIsNotWrittenTo(t *testing.T) {
	service, requests := answers(t, func(http.ResponseWriter, *http.Request) {})
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		d.log.pos = perdure.LogPosition{FirstRunID: "run-2"}
		require.NoError(t, d.read(feed()))
		require.Empty(t, d.log.batches)
		require.Empty(t, *requests)
	})
}

func TestEachBatchSaysForWhichLogItIs(t *testing.T) {
	service, _ := answers(t, events("data: a\n\n"))
	overStream(t, service, func(d *streamDesk) {
		t := d.t
		require.NoError(t, d.read(feed()))
		d.requireEnd("")
		require.NotEmpty(t, d.log.batches)
		for _, b := range d.log.batches {
			require.Equal(t, "run-1", b.FirstRunID)
		}
	})
}
