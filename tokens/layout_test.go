package tokens_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

func TestTokensAreAsLongAsTheContractSays(t *testing.T) {
	t.Parallel()
	require.Equal(t, perdure.MaxTokenBytes, tokens.MaxText)
}
