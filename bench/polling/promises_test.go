package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEventsAreReckonedFromOneReturnToTheNext(t *testing.T) {
	t.Parallel()
	l := &Long{Polls: 600, Took: 660 * time.Second, Window: 600 * time.Second, Returns: 2, Events: 29, PerReturn: 6}
	// 545.45 polls a window: 18 returns within 10,000, and the last one.
	require.Equal(t, 23+18*6, l.eventsFor(10_000))
	require.Equal(t, l.Events, l.eventsFor(l.Polls))
}

func TestPromisesAreHeldUpToTheirBound(t *testing.T) {
	t.Parallel()
	require.True(t, promise{got: 1.6, bound: 1.6}.held())
	require.False(t, promise{got: 1.61, bound: 1.6}.held())
	require.True(t, promise{got: 5, bound: 5, least: true}.held())
	require.False(t, promise{got: 4.99, bound: 5, least: true}.held())
}
