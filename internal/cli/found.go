package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/perdure-dev/perdure/starter"
)

// found is what has an id: one of the three.
type found struct {
	operation  operation
	collection collection
	stream     stream
}

// attach finds what has an id.
func attach(ctx context.Context, e engine, id string) (found, error) {
	op, err := e.Attach(ctx, id)
	if !errors.Is(err, starter.ErrNotFound) {
		return found{operation: op}, err
	}
	if c, other := e.AttachCollection(ctx, id); other == nil {
		return found{collection: c}, nil
	}
	if s, other := e.AttachStream(ctx, id); other == nil {
		return found{stream: s}, nil
	}
	return found{}, err
}

// forOperations is why a command takes nothing else.
func forOperations(command string) string { return fmt.Sprintf("and %q is for operations", command) }

func (f found) asOperation(why string) (operation, error) {
	if f.operation == nil {
		return nil, f.another(why)
	}
	return f.operation, nil
}

func (f found) asCollection(why string) (collection, error) {
	if f.collection == nil {
		return nil, f.another(why)
	}
	return f.collection, nil
}

func (f found) asStream(why string) (stream, error) {
	if f.stream == nil {
		return nil, f.another(why)
	}
	return f.stream, nil
}

// another says what it is instead, why that will not do, and what will.
func (f found) another(why string) error {
	var id, kind, instead string
	switch {
	case f.collection != nil:
		id, kind, instead = f.collection.ID(), "a collection", "its pages: perdure pages --id"
	case f.stream != nil:
		id, kind, instead = f.stream.ID(), "a stream", "its events: perdure stream --id"
	default:
		id, kind, instead = f.operation.ID(), "an operation", "its value: perdure wait"
	}
	return about(id, &typedError{kind: typeNotFound, message: fmt.Sprintf("%q is %s, %s; %s %s", id, kind, why, instead, shellWord(id))})
}
