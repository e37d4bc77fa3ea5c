package starter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/perdure-dev/perdure"
)

// sameInput compares an input with the one in the first event of the operation's
// first run.
func (h *handle) sameInput(ctx context.Context, in perdure.OperationInput) error {
	raw, err := h.firstInput(ctx)
	if err != nil {
		return err
	}
	same, err := sameOperation(raw, in)
	if err != nil {
		return err
	}
	if !same {
		s, err := h.Status(ctx)
		if err != nil {
			s = h.noted()
		}
		return &perdure.OperationError{
			Type:    perdure.ErrorIDConflict,
			Message: fmt.Sprintf("the workflow id %q belongs to an operation with another input", h.id),
			Status:  s,
		}
	}
	return nil
}

// sameOperation compares an input with an earlier one. An operation that was taken up
// from its token is the same whatever the input, which the token does not tell; an
// adoption is the same however its operation is named.
func sameOperation(earlier []byte, in perdure.OperationInput) (bool, error) {
	var before perdure.OperationInput
	if err := perdure.Decode(earlier, &before); err == nil {
		switch {
		case before.Token != "" && in.Token == "":
			return true, nil
		case before.Adopt != nil && in.Adopt != nil && adoptedID(before) == adoptedID(in):
			in.Adopt = before.Adopt
		}
	}
	ours, err := json.Marshal(in)
	if err != nil {
		return false, fmt.Errorf("starter: write the input: %w", err)
	}
	return sameJSON[perdure.OperationInput](earlier, ours), nil
}

// sameJSON compares values, not spellings: keys in any order, every digit of numbers.
// I is the struct of the input.
func sameJSON[I any](a, b []byte) bool {
	ca, err := canonical[I](a)
	if err != nil {
		return false
	}
	cb, err := canonical[I](b)
	return err == nil && bytes.Equal(ca, cb)
}

func canonical[I any](raw []byte) ([]byte, error) {
	// Through the struct first, so that a default written out and one left out agree.
	var in I
	if err := perdure.Decode(raw, &in); err != nil {
		return nil, err
	}
	tidy, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(tidy))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
