package perduretest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Want fails the test when check returns an error for the request. The answer
// is given all the same, so that what is under test runs on.
func (s Step) Want(check func(Request) error) Step {
	s.wants = append(slices.Clone(s.wants), check)
	return s
}

// WantHeader demands the header with that value, and that one only; an empty
// value demands that there is none.
func (s Step) WantHeader(key, value string) Step {
	return s.Want(func(r Request) error {
		got := r.Header.Values(key)
		if value == "" && len(got) == 0 || slices.Equal(got, []string{value}) {
			return nil
		}
		return fmt.Errorf("header %s: got %q, want %q", key, got, value)
	})
}

// WantBody demands the body, byte for byte.
func (s Step) WantBody(body string) Step {
	return s.wantBody(func(got []byte) error {
		if string(got) == body {
			return nil
		}
		return fmt.Errorf("body: got %q, want %q", got, body)
	})
}

// WantJSON demands a body that means the same JSON; numbers are compared digit
// for digit.
func (s Step) WantJSON(body string) Step {
	want, err := decodeJSON([]byte(body))
	if err != nil {
		panic(fmt.Sprintf("perduretest: %s: WantJSON(%s): %v", s.line(), body, err))
	}
	return s.wantBody(func(got []byte) error {
		value, err := decodeJSON(got)
		if err != nil {
			return fmt.Errorf("body: got %q, which is no JSON (%w), want %s", got, err, body)
		}
		if !reflect.DeepEqual(value, want) {
			return fmt.Errorf("body: got %s, want %s", got, body)
		}
		return nil
	})
}

func (s Step) wantBody(check func([]byte) error) Step {
	return s.Want(func(r Request) error {
		if r.Body == nil { // dropped before it was read
			return nil
		}
		return check(r.Body)
	})
}

func decodeJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("more than one value")
	}
	return value, nil
}

func (s Step) check(r Request) error {
	var failed []error
	for _, want := range s.wants {
		failed = append(failed, want(r))
	}
	return errors.Join(failed...)
}
