package webapp_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/webapp"
	"github.com/perdure-dev/perdure/tokens"
)

func TestTheCacheForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c webapp.MemoryCache
		get := func(key string) string {
			value, found, err := c.Get(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, found, value != nil)
			return string(value)
		}
		require.Empty(t, get("a"))
		require.NoError(t, c.Set(t.Context(), "a", []byte("1"), time.Minute))
		time.Sleep(59 * time.Second)
		require.Equal(t, "1", get("a"))
		require.NoError(t, c.Set(t.Context(), "a", []byte("2"), time.Minute))
		time.Sleep(59 * time.Second)
		require.Equal(t, "2", get("a"))
		time.Sleep(time.Second)
		require.Empty(t, get("a"))
	})
}

func TestTheCacheHoldsSoMany(t *testing.T) {
	t.Parallel()
	var c webapp.MemoryCache
	for i := range 1001 {
		require.NoError(t, c.Set(t.Context(), strconv.Itoa(i), []byte("x"), time.Hour+time.Duration(i)*time.Second))
	}
	for key, want := range map[string]bool{"0": false, "1": true, "1000": true} {
		_, found, err := c.Get(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, want, found, key)
	}
}

func TestAPageIsKeptForItsUser(t *testing.T) {
	f := newFake(t)
	kept := webapp.KeptItems{Items: f, Cache: &webapp.MemoryCache{}, For: time.Hour, Logger: slog.New(slog.DiscardHandler)}
	server := instance(t, webapp.Options{Items: kept, Indexes: f})
	ada, grace := signedIn(t, server, "ada"), signedIn(t, server, "grace")
	first := ada.get("/items")
	second := ada.get(first.link("next"))
	require.Equal(t, first.body, ada.get("/items").body, "to the letter, the tokens of the addresses included")
	require.Equal(t, second.body, ada.get(second.address).body)
	require.Equal(t, []string{"ada page 1", "ada page 2"}, f.asked)

	grace.get("/items")
	require.Equal(t, http.StatusForbidden, grace.get(second.address).status, "what is kept for one is not shown to another")
	require.Equal(t, []string{"ada page 1", "ada page 2", "grace page 1"}, f.asked)
}

func TestAnErrorIsNotKept(t *testing.T) {
	f := newFake(t)
	kept := webapp.KeptItems{Items: f, Cache: &webapp.MemoryCache{}, For: time.Hour, Logger: slog.New(slog.DiscardHandler)}
	f.err = errors.New("down")
	_, err := kept.Page(t.Context(), webapp.User{ID: "ada"}, tokens.Token{})
	require.ErrorIs(t, err, f.err)
	f.err = nil
	page, err := kept.Page(t.Context(), webapp.User{ID: "ada"}, tokens.Token{})
	require.NoError(t, err)
	require.Len(t, page.Values, 1)
}

// brokenCache answers with what it was not asked for, or not at all.
type brokenCache struct {
	value []byte
	err   error
}

func (c brokenCache) Get(context.Context, string) ([]byte, bool, error) {
	return c.value, c.err == nil, c.err
}

func (c brokenCache) Set(context.Context, string, []byte, time.Duration) error { return c.err }

func TestABrokenCacheBreaksNothing(t *testing.T) {
	for _, cache := range []brokenCache{{err: errors.New("no route")}, {value: []byte("not JSON")}} {
		f := newFake(t)
		kept := webapp.KeptItems{Items: f, Cache: cache, For: time.Hour, Logger: slog.New(slog.DiscardHandler)}
		page, err := kept.Page(t.Context(), webapp.User{ID: "ada"}, tokens.Token{})
		require.NoError(t, err)
		require.Len(t, page.Values, 1)
	}
}
