package protocol_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
)

func TestWithParameter(t *testing.T) {
	for _, tt := range []struct{ name, target, want string }{
		{"no query", "https://h/x", "https://h/x?p=a+b%26"},
		{"an empty query", "https://h/x?", "https://h/x?p=a+b%26"},
		{"relative", "x", "x?p=a+b%26"},
		{"another parameter", "/x?q=%2f+;&&=", "/x?q=%2f+;&&=&p=a+b%26"},
		{"in its place", "/x?a=1&p=0&b=2", "/x?a=1&p=a+b%26&b=2"},
		{"without a value", "/x?p", "/x?p=a+b%26"},
		{"escaped", "/x?%70=0&b", "/x?p=a+b%26&b"},
		{"several", "/x?p=1&a=1&p=2&b=2&p=3", "/x?p=a+b%26&a=1&b=2"},
		{"in another case", "/x?P=1", "/x?P=1&p=a+b%26"},
		{"a broken escape", "/x?%zz=1", "/x?%zz=1&p=a+b%26"},
		{"a question mark in a value", "/x?q=a?p=b", "/x?q=a?p=b&p=a+b%26"},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, protocol.WithParameter(tt.target, "p", "a b&")) })
	}
}

func TestWithAPIVersion(t *testing.T) {
	for target, want := range map[string]string{
		"/x":                                   "/x?api-version=2",
		"/x?api-version=1&a=b":                 "/x?api-version=2&a=b",
		"/x?a=b&API-Version=1&api%2Dversion=0": "/x?a=b&api-version=2",
	} {
		require.Equal(t, want, protocol.WithAPIVersion(target, "2"))
	}
	require.Equal(t, "/x?API-Version=1", protocol.WithAPIVersion("/x?API-Version=1", ""))
}

func TestWithParametersOf(t *testing.T) {
	const first = "https://h/x?a=%2f&b=1&a=2+3&$c"
	for _, tt := range []struct{ name, target, parameter, want string }{
		{"all of the name, as they are spelled", "https://h/y?z", "a", "https://h/y?z&a=%2f&a=2+3"},
		{"no query", "https://h/y", "b", "https://h/y?b=1"},
		{"an empty query", "https://h/y?", "b", "https://h/y?b=1"},
		{"without a value", "https://h/y", "$c", "https://h/y?$c"},
		{"there already", "https://h/y?%62=2", "b", "https://h/y?%62=2"},
		{"not in the first", "https://h/y?z", "d", "https://h/y?z"},
		{"in another case", "https://h/y?z", "B", "https://h/y?z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, protocol.WithParametersOf(tt.target, first, tt.parameter))
		})
	}
}
