package perdure

import (
	"encoding/json"
	"fmt"
)

// Decode reads the value into what the pointer points to, which stays as it is where
// there is none. A *[]byte takes the content of any value, JSON or not; a *string takes a
// value that is not JSON, or a JSON string; an *OperationResult takes the result whole, and
// a *struct{} nothing, whatever there is. After an error what the pointer points to may
// have been written in part.
func (r OperationResult) Decode(into any) error {
	switch into := into.(type) {
	case *OperationResult:
		*into = r
		return nil
	case *struct{}:
		return nil
	}
	if r.ValueBody != nil {
		return r.decodeBody(into)
	}
	if !r.hasValue() {
		return nil
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = r.Value
		return nil
	}
	if err := json.Unmarshal(r.Value, into); err != nil {
		return fmt.Errorf("perdure: read the value: %w", err)
	}
	return nil
}

func (r OperationResult) hasValue() bool { return len(r.Value) > 0 && string(r.Value) != "null" }

func (r OperationResult) decodeBody(into any) error {
	raw, err := r.ValueBody.Bytes()
	if err != nil {
		return fmt.Errorf("perdure: read the value: %w", err)
	}
	switch into := into.(type) {
	case *[]byte:
		*into = raw
	case *string:
		*into = string(raw)
	default:
		return fmt.Errorf("perdure: the value is not JSON and cannot be read as %T; use []byte", into)
	}
	return nil
}
