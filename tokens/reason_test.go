package tokens_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

func TestReasonsAreTheWordsOfTheDocs(t *testing.T) {
	for word, sentinel := range sentinels {
		require.Equal(t, word, tokens.Reason(fmt.Errorf("x: %w", sentinel)))
		require.Equal(t, sentinel, tokens.ReasonError(word))
	}
	require.Empty(t, tokens.Reason(nil))
	require.Empty(t, tokens.Reason(errors.New("another")))
	require.NoError(t, tokens.ReasonError("another"))
}
