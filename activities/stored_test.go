package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

// With a store a value is bounded by its service's limit alone.
func TestStartWhoseAnswerIsStored(t *testing.T) {
	large := `{"x":"` + strings.Repeat("x", 10<<20) + `"}`
	d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, large)))
	d.options.Stored = true
	a := d.start(createTask())
	require.Equal(t, perdure.StateSucceeded, a.State)
	require.Empty(t, a.ErrorType)
	require.Len(t, a.Value, len(large))
}
