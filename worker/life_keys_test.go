package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

func (l *life) keyring(t *testing.T) *tokens.Keyset {
	t.Helper()
	k, err := tokens.LoadKeyset(l.keyset)
	require.NoError(t, err)
	return k
}

func (l *life) keys(t *testing.T) []tokens.KeyInfo {
	t.Helper()
	return l.keyring(t).Keys()
}

// open opens a token as who holds it does.
func (l *life) open(t *testing.T, token string, want tokens.Expect) tokens.Header {
	t.Helper()
	opened, err := l.keyring(t).Open(mustParse(t, token), want)
	require.NoError(t, err)
	return opened.Header
}

// requireRetired wants that a token no longer opens, because its key has been retired.
func (l *life) requireRetired(t *testing.T, token string, kind tokens.Kind) {
	t.Helper()
	_, err := l.keyring(t).Open(mustParse(t, token), tokens.Expect{Kind: kind})
	require.ErrorIs(t, err, tokens.ErrKeyRetired)
}

func mustParse(t *testing.T, text string) tokens.Token {
	t.Helper()
	token, err := tokens.Parse(text)
	require.NoError(t, err)
	return token
}

// rotate has a fresh key seal from a moment on.
func (l *life) rotate(t *testing.T, at time.Duration) {
	t.Helper()
	l.on(at, func(*lifeRun) {
		_, err := tokens.AddKey(l.keyset)
		require.NoError(t, err)
		_, err = tokens.PromoteKey(l.keyset)
		require.NoError(t, err)
	})
}

// retire has the first key open nothing from a moment on.
func (l *life) retire(t *testing.T, at time.Duration) {
	t.Helper()
	first := l.keys(t)[0].ID
	l.on(at, func(*lifeRun) {
		_, err := tokens.RetireKey(l.keyset, first)
		require.NoError(t, err)
	})
}
