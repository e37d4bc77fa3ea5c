package jmes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ number, parsed, exact string }{
		{"1.50", "1.5", "1.50"},
		{"12345678901234567890", "12345678901234567890", "12345678901234567890"},
		{"9007199254740993", "9007199254740993", "9007199254740993"},
		{"7", "7", "7"},
	} {
		t.Run(tt.number, func(t *testing.T) {
			t.Parallel()
			path, err := jmes.Compile("f", "n")
			require.NoError(t, err)
			document := []byte(`{"n":` + tt.number + `}`)
			require.Equal(t, tt.parsed, string(path.Raw(jmes.Parse(document))))
			require.Equal(t, tt.exact, string(path.Raw(jmes.ParseExact(document))))
		})
	}
}

func TestCompileNamesTheField(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{"[", "a.", "`1`()", "@('x'join)", "merge(keys)||nkeys", string(make([]byte, 5000))} {
		_, err := jmes.Compile("found", expression)
		bad := &perdure.InputError{}
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "found", bad.Field)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	document := jmes.Parse([]byte(`{"id":"vs_1","n":12345678901234567890,"ok":true,"none":null,"list":[1]}`))
	for expression, want := range map[string]string{"id": "vs_1", "n": "12345678901234567890", "ok": "true", "none": "", "missing": "", "list": ""} {
		path, err := jmes.Compile("f", expression)
		require.NoError(t, err)
		got, ok := path.Text(document)
		require.Equal(t, want, got, expression)
		require.Equal(t, want != "", ok, expression)
	}
	require.Nil(t, jmes.Parse([]byte("<html>")))
	var none *jmes.Path
	require.Nil(t, none.Raw(document))
}
