package perdure_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestOperationResultDecode(t *testing.T) {
	t.Parallel()
	object := perdure.OperationResult{Value: json.RawMessage(`{"id":"vs_1"}`)}
	text := perdure.OperationResult{ValueBody: perdure.TextBody("one\ntwo\n")}
	for _, test := range []struct {
		name    string
		result  perdure.OperationResult
		into    any
		want    any
		wantErr string
	}{
		{name: "an object", result: object, into: new(map[string]string), want: map[string]string{"id": "vs_1"}},
		{name: "an object's bytes", result: object, into: new([]byte), want: []byte(`{"id":"vs_1"}`)},
		{name: "an object as it is", result: object, into: new(json.RawMessage), want: json.RawMessage(`{"id":"vs_1"}`)},
		{name: "an object is no string", result: object, into: new(string), wantErr: "read the value"},
		{name: "a JSON string", result: perdure.OperationResult{Value: json.RawMessage(`"a"`)}, into: new(string), want: "a"},
		{name: "a text", result: text, into: new(string), want: "one\ntwo\n"},
		{name: "a text's bytes", result: text, into: new([]byte), want: []byte("one\ntwo\n")},
		{name: "a text is no object", result: text, into: new(map[string]string), wantErr: "use []byte"},
		{name: "an object, of which nothing is wanted", result: object, into: new(struct{}), want: struct{}{}},
		{name: "a text, of which nothing is wanted", result: text, into: new(struct{}), want: struct{}{}},
		{name: "the whole result", result: text, into: new(perdure.OperationResult), want: text},
		{name: "a text is no JSON", result: text, into: new(json.RawMessage), wantErr: "use []byte"},
		{name: "none", result: perdure.OperationResult{}, into: new(string), want: ""},
		{name: "null", result: perdure.OperationResult{Value: json.RawMessage("null")}, into: new([]byte), want: []byte(nil)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.result.Decode(test.into)
			if test.wantErr != "" {
				require.ErrorContains(t, err, test.wantErr)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, deref(test.into))
		})
	}
}

func deref(p any) any { return reflect.ValueOf(p).Elem().Interface() }
