package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/perdure-dev/perdure/worker"
)

func allAttributes() map[string]enums.IndexedValueType {
	return map[string]enums.IndexedValueType{
		"PerdureState": enums.INDEXED_VALUE_TYPE_KEYWORD, "PerdureService": enums.INDEXED_VALUE_TYPE_KEYWORD,
		"PerdureServiceStatus": enums.INDEXED_VALUE_TYPE_KEYWORD, "PerdureRemoteId": enums.INDEXED_VALUE_TYPE_KEYWORD,
		"PerdurePercent": enums.INDEXED_VALUE_TYPE_INT, "Other": enums.INDEXED_VALUE_TYPE_TEXT,
	}
}

// namespaceOf answers a probe.
type namespaceOf struct {
	mu    sync.Mutex
	asked int
	has   map[string]enums.IndexedValueType
	err   error
}

func (n *namespaceOf) list(context.Context) (map[string]enums.IndexedValueType, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	return n.has, n.err
}

func (n *namespaceOf) become(has map[string]enums.IndexedValueType, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.has, n.err = has, err
}

func (n *namespaceOf) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

func TestSearchAttributesProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		ns := &namespaceOf{err: errors.New("no permission")}
		s := worker.NewSearchAttributes(ns.list, slog.New(slog.NewTextHandler(&log, nil)))
		require.Empty(t, s.Names())
		s.Probe(t.Context())
		require.Empty(t, s.Names())

		done := make(chan struct{})
		go func() { s.KeepProbing(t.Context()); close(done) }()
		time.Sleep(3*time.Minute + time.Second)
		require.Equal(t, 4, ns.count())
		require.Equal(t, 1, strings.Count(log.String(), "cannot be listed"), "said once")
		require.Contains(t, log.String(), "level=INFO")

		some := allAttributes()
		some["PerdurePercent"] = enums.INDEXED_VALUE_TYPE_KEYWORD // of the wrong type
		delete(some, "PerdureService")
		ns.become(some, nil)
		time.Sleep(2 * time.Minute)
		require.Equal(t, []string{"PerdureState", "PerdureServiceStatus", "PerdureRemoteId"}, s.Names())
		require.Equal(t, 1, strings.Count(log.String(), `missing="PerdureService, PerdurePercent"`))

		ns.become(nil, errors.New("unavailable"))
		time.Sleep(time.Minute)
		require.Len(t, s.Names(), 3, "what was found stays")

		ns.become(allAttributes(), nil)
		time.Sleep(time.Minute)
		<-done
		require.Equal(t, []string{"PerdureState", "PerdureService", "PerdureServiceStatus", "PerdureRemoteId", "PerdurePercent"}, s.Names())
	})
}

func TestSearchAttributesProbeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := worker.NewSearchAttributes(func(ctx context.Context) (map[string]enums.IndexedValueType, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, discard())
		start := time.Now()
		s.Probe(t.Context())
		require.Equal(t, 5*time.Second, time.Since(start))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.KeepProbing(ctx)
	})
}
