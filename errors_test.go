package perdure_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestErrorsAreToldApart(t *testing.T) {
	t.Parallel()
	own := errors.New("the service's own")
	for _, c := range []struct {
		errorType string
		canceled  bool
		ambiguous bool
	}{
		{perdure.ErrorCanceled, true, false},
		{perdure.ErrorStartAmbiguous, false, true},
		{perdure.ErrorOperationFailed, false, false},
	} {
		for _, err := range []error{
			&perdure.OperationError{Type: c.errorType, Message: "so", Err: own},
			&perdure.CollectionError{Type: c.errorType, Message: "so", Err: own},
			&perdure.StreamError{Type: c.errorType, Message: "so", Err: own},
		} {
			t.Run(fmt.Sprintf("%s %T", c.errorType, err), func(t *testing.T) {
				t.Parallel()
				wrapped := fmt.Errorf("chapter 7: %w", err)
				require.Equal(t, c.canceled, errors.Is(wrapped, perdure.ErrCanceled))
				require.Equal(t, c.ambiguous, errors.Is(wrapped, perdure.ErrAmbiguous))
				require.ErrorIs(t, wrapped, own)
				require.EqualError(t, err, "perdure: "+c.errorType+": so")
			})
		}
	}
	require.ErrorIs(t, &perdure.OperationError{Type: perdure.ErrorIDConflict, Message: "so"}, &perdure.OperationError{Type: perdure.ErrorIDConflict})
	require.NotErrorIs(t, &perdure.StreamError{Type: perdure.ErrorIDConflict}, &perdure.OperationError{Type: perdure.ErrorIDConflict})
}
