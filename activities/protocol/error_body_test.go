package protocol_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// An error is the header `x-ms-error-code` for the code; else `error` or `odata.error`
// in the body, else the body itself, for `code` (or `type`) and `message`. A code may
// be a number, a message an object with `value`. XML with `<Code>` and `<Message>` is
// read too. Of anything else the HTTP status is the code and the text the message.
//
//rule:answers 5 AG; OData 3 and 4; Azure Storage; OAI
func TestErrorOf(t *testing.T) {
	const odata3 = `{"odata.error":{"code":"ResourceNotFound","message":{"lang":"en-US","value":"No such table."}}}`
	tests := []struct {
		name   string
		status int
		header string // X-Ms-Error-Code
		body   string
		want   perdure.ServiceError
	}{
		{"error object", 409, "", `{"error":{"code":"QuotaExceeded","message":"too many","target":"x"}}`, perdure.ServiceError{Code: "QuotaExceeded", Message: "too many"}},
		{"OData v3", 404, "", odata3, perdure.ServiceError{Code: "ResourceNotFound", Message: "No such table."}},
		{"top level", 400, "", `{"code":"Bad","message":"no"}`, perdure.ServiceError{Code: "Bad", Message: "no"}},
		{"top level beside a null error", 400, "", `{"error":null,"code":"Bad","message":"no"}`, perdure.ServiceError{Code: "Bad", Message: "no"}},
		{"top level beside an empty error", 400, "", `{"error":{},"code":"Bad","message":"no"}`, perdure.ServiceError{Code: "Bad", Message: "no"}},
		{"error comes before odata.error", 400, "", `{"odata.error":{"code":"B"},"error":{"code":"A","message":"a"}}`, perdure.ServiceError{Code: "A", Message: "a"}},
		{"a string", 401, "", `{"error":"invalid_grant"}`, perdure.ServiceError{Code: "401", Message: "invalid_grant"}},
		{"a code that is a number", 404, "", `{"error":{"code":404,"message":"no such job","status":"NOT_FOUND"}}`, perdure.ServiceError{Code: "404", Message: "no such job"}},
		{"a code that is a long number", 400, "", `{"code":12345678901234567890}`, perdure.ServiceError{Code: "12345678901234567890", Message: "Bad Request"}},
		{"a type in place of a code", 400, "", `{"error":{"type":"invalid_request_error","code":null,"message":"m"}}`, perdure.ServiceError{Code: "invalid_request_error", Message: "m"}},
		{"a code of another kind", 400, "", `{"error":{"code":["x"],"message":{"a":1}}}`, perdure.ServiceError{Code: "400", Message: "Bad Request"}},
		{"XML", 403, "", `<?xml version="1.0" encoding="utf-8"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>`, perdure.ServiceError{Code: "AccessDenied", Message: "no"}},
		{"XML after a byte order mark", 403, "", "\xef\xbb\xbf" + `<?xml version="1.0" encoding="utf-8"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>`, perdure.ServiceError{Code: "AccessDenied", Message: "no"}},
		{"XML without a code", 500, "", `<Error><What>?</What></Error>`, perdure.ServiceError{Code: "500", Message: `<Error><What>?</What></Error>`}},
		{"XML that breaks off", 500, "", `<Error><Code>X</Code>`, perdure.ServiceError{Code: "500", Message: `<Error><Code>X</Code>`}},
		{"HTML", 502, "", " <html><body>Bad Gateway</body></html>\n", perdure.ServiceError{Code: "502", Message: "<html><body>Bad Gateway</body></html>"}},
		{"text", 500, "", "boom", perdure.ServiceError{Code: "500", Message: "boom"}},
		{"text that is no UTF-8", 500, "", "b\xffm", perdure.ServiceError{Code: "500", Message: "b�m"}},
		{"empty", 503, "", "", perdure.ServiceError{Code: "503", Message: "Service Unavailable"}},
		{"empty, of a status without a name", 499, "", "", perdure.ServiceError{Code: "499"}},
		{"an empty object", 400, "", "{}", perdure.ServiceError{Code: "400", Message: "Bad Request"}},
		{"an array", 400, "", `["x"]`, perdure.ServiceError{Code: "400", Message: `["x"]`}},
		{"null", 400, "", `null`, perdure.ServiceError{Code: "400", Message: `null`}},
		{"the header comes first", 409, "BlobExists", `{"error":{"code":"Other","message":"there"}}`, perdure.ServiceError{Code: "BlobExists", Message: "there"}},
		{"the header alone", 409, "BlobExists", "", perdure.ServiceError{Code: "BlobExists", Message: "Conflict"}},
		{"a long code and a long message", 400, "", `{"code":"` + strings.Repeat("c", 300) + `","message":"` + strings.Repeat("ü", 3000) + `"}`, perdure.ServiceError{Code: strings.Repeat("c", 255), Message: strings.Repeat("ü", 2048)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := protocol.Exchange{Status: tt.status, Header: http.Header{}, Body: []byte(tt.body)}
			if tt.header != "" {
				e.Header.Set("x-ms-error-code", tt.header)
			}
			got := protocol.ErrorOf(e)
			if object, ok := e.Object(); ok {
				require.NotNil(t, object)
				require.JSONEq(t, tt.body, string(got.Details), "the details are the body")
			} else {
				require.Nil(t, got.Details)
			}
			got.Details = nil
			tt.want.HTTPStatus = tt.status
			require.Equal(t, tt.want, *got)
		})
	}
}

//rule:answers 3
//rule:answers 5
func TestErrorOfDropsAByteOrderMark(t *testing.T) {
	got := protocol.ErrorOf(protocol.Exchange{Status: 400, Header: http.Header{}, Body: []byte("\xef\xbb\xbf" + `{"error":{"code":"A","message":"m"}}`)})
	require.Equal(t, "A: m", got.String())
	require.JSONEq(t, `{"error":{"code":"A","message":"m"}}`, string(got.Details))
}

func TestErrorIn(t *testing.T) {
	tests := []struct {
		name, raw string
		want      *perdure.ServiceError
	}{
		{"nothing", ``, nil},
		{"null", `null`, nil},
		{"an object", `{"code":"c","message":"m"}`, &perdure.ServiceError{Code: "c", Message: "m"}},
		{"a string", `"m"`, &perdure.ServiceError{Message: "m"}},
		{"a number", `5`, &perdure.ServiceError{Message: "5"}},
		{"an object of its own kind", `{"reason":"x"}`, &perdure.ServiceError{Message: `{"reason":"x"}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want != nil {
				tt.want.Details = []byte(tt.raw)
			}
			require.Equal(t, tt.want, protocol.ErrorIn([]byte(tt.raw)))
		})
	}
}

func TestCut(t *testing.T) {
	tests := []struct {
		name, in string
		n        int
		want     string
	}{
		{"short", "abc", 3, "abc"},
		{"long", "abcd", 3, "abc"},
		{"at a rune's border", "aüb", 3, "aü"},
		{"within a rune", "aüb", 2, "a"},
		{"within the first rune", "→", 2, ""},
		{"to nothing", "abc", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, protocol.Cut(tt.in, tt.n)) })
	}
}

func FuzzErrorOf(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"error":{"code":5}}`, "<Error><Code>x</Code></Error>", "\xff", `{"odata.error":{"message":{"value":"m"}}}`, "\xef\xbb\xbf{}"} {
		f.Add(404, "", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, header string, body []byte) {
		got := protocol.ErrorOf(protocol.Exchange{Status: status, Header: http.Header{"X-Ms-Error-Code": {header}}, Body: body})
		require.NotEmpty(t, got.Code)
		require.LessOrEqual(t, len(got.Code), 255)
		require.LessOrEqual(t, len(got.Message), 4096)
		require.True(t, utf8.ValidString(got.Message))
	})
}
