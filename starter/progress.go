package starter

import (
	"context"
	"encoding/json"
	"fmt"
)

// Progress reads the service's own progress object as a P: file counts, an operation's
// metadata. It is what is known, without asking the service, and the zero P where that
// has said nothing.
func Progress[P, T any](ctx context.Context, op *Operation[T]) (P, error) {
	var p, none P
	s, err := op.Status(ctx)
	if err != nil || len(s.Progress) == 0 {
		return none, err
	}
	if err := json.Unmarshal(s.Progress, &p); err != nil {
		return none, fmt.Errorf("starter: read the progress as %T: %w", none, err)
	}
	return p, nil
}
