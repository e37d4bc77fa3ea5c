package starter

import (
	"context"
	"time"

	"github.com/perdure-dev/perdure"
)

// Operation is a handle on a long-running operation whose value is a T. It is safe
// for concurrent use, and needs no closing. The zero value is not usable: [Start], [Attach]
// and [Rehydrate] give one.
//
// The value is read as [perdure.OperationResult.Decode] reads it: a T of json.RawMessage
// is what the service wrote, of []byte and string also what is not JSON, of
// perdure.OperationResult the whole result, and of struct{} nothing, whatever there is.
type Operation[T any] struct{ *handle }

// WaitOptions of Wait.
type WaitOptions struct {
	// Interval replaces the operation's polling, before the wait, by one of this
	// interval; 0 leaves it. It is a floor under what the service asks for.
	Interval time.Duration
	// Polling replaces all of the operation's polling before the wait; nil leaves it. At
	// most one of the two is set.
	Polling *perdure.Polling
}

// polling is what replaces the operation's; nil leaves it.
func (o *WaitOptions) polling() (*perdure.Polling, error) {
	switch {
	case o == nil:
		return nil, nil
	case o.Interval == 0:
		return o.Polling, nil
	case o.Polling != nil:
		return nil, &perdure.InputError{Field: "interval", Message: "is set beside polling; want one of them"}
	}
	return &perdure.Polling{IntervalSeconds: o.Interval.Seconds()}, nil
}

// Wait waits for the operation's end and gives its value; the zero T where it has
// none. Errors: *perdure.OperationError when it ended badly, was canceled
// (perdure.ErrorCanceled) or is ambiguous (perdure.ErrorStartAmbiguous, the operation
// stays open); ctx's own when the waiting was stopped, which leaves the operation
// alone; anything else: it could not be asked.
func (o *Operation[T]) Wait(ctx context.Context, opts *WaitOptions) (T, error) {
	var none T
	polling, err := opts.polling()
	if err != nil {
		return none, err
	}
	if polling != nil {
		if _, err := o.SetPolling(ctx, *polling); err != nil && err != ErrDone { //nolint:errorlint // ours, never wrapped
			return none, err
		}
	}
	result, err := o.Result(ctx)
	if err != nil {
		return none, err
	}
	var value T
	if err := result.Decode(&value); err != nil {
		return none, err
	}
	return value, nil
}

// Result waits as Wait does, and gives the whole result: the value undecoded, and the
// raw response.
func (o *Operation[T]) Result(ctx context.Context) (perdure.OperationResult, error) {
	var result perdure.OperationResult
	err := o.wait(ctx, &result)
	return result, err
}

// Value is the value of an operation that is done, and ErrNotDone before. Errors are
// as Wait's.
func (o *Operation[T]) Value(ctx context.Context) (T, error) {
	var none T
	s, err := o.Status(ctx)
	switch {
	case err != nil:
		return none, err
	case !s.Done:
		return none, ErrNotDone
	}
	return o.Wait(ctx, nil)
}
