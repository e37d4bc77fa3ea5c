package jobservice

import (
	"encoding/json"
	"errors"
	"fmt"
)

// decode takes a JSON object; fields that it does not know it leaves alone.
func decode(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if typeError, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s: got a %s", typeError.Field, typeError.Value)
	}
	if err != nil {
		return fmt.Errorf("the body is no JSON object: %w", err)
	}
	return nil
}

// metadataPlan reads the plan that is in an object's metadata, which has
// OpenAI's bounds.
func (o Options) metadataPlan(metadata map[string]string) (plan, error) {
	const most, longestKey, longestValue = 16, 64, 512
	if len(metadata) > most {
		return plan{}, fmt.Errorf("metadata: at most %d pairs", most)
	}
	for key, value := range metadata {
		if len(key) > longestKey || len(value) > longestValue {
			return plan{}, fmt.Errorf("metadata: keys of at most %d, values of at most %d characters", longestKey, longestValue)
		}
	}
	p, err := o.plan(wish{seconds: metadata["seconds"], steps: metadata["steps"], fail: metadata["fail"]})
	if err != nil {
		return plan{}, fmt.Errorf("metadata.%w", err)
	}
	return p, nil
}
