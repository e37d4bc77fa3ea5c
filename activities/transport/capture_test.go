package transport_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/transport"
)

func TestCaptureLeavesSecretsOut(t *testing.T) {
	t.Setenv("TEST_JOBS_TOKEN", "s3cret")
	s := newService(t, "https://h", with(auth.APIKey("jobs", auth.Secret{Env: "TEST_JOBS_TOKEN"}, "x-goog-api-key", "")), func(c *transport.Config) {
		c.SecretHeaders = []string{"x-session", "X-Csrf"}
	})
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got := s.Capture(&transport.Response{
		Method: "GET", URL: parse(t, "https://u:s3cret@h/a?sig=s3cret#s3cret"), Status: 202, At: at, Body: []byte(`{"n":12345678901234567890}`),
		Header: http.Header{
			"Set-Cookie": {"a=s3cret"}, "Cookie": {"s3cret"}, "Authorization": {"s3cret"}, "Www-Authenticate": {"s3cret"}, "Proxy-Authenticate": {"s3cret"}, "Authentication-Info": {"s3cret"},
			"X-Session": {"s3cret"}, "X-Csrf": {"s3cret"}, "X-Goog-Api-Key": {"s3cret"},
			"Set-Cookie ": {"a=s3cret"}, "x-session\t": {"s3cret"}, // as net/http leaves them
			"X-Fine": {"a", "b"},
		},
	})
	require.Equal(t, &perdure.Response{
		Status: 202, ReceivedAt: at, Headers: map[string][]string{"X-Fine": {"a", "b"}}, Body: perdure.JSONBody(json.RawMessage(`{"n":12345678901234567890}`)),
		Request: perdure.RequestLine{Method: "GET", URL: "https://h/a?REDACTED"},
	}, got)
}

func TestCaptureRedactsQueries(t *testing.T) {
	tests := []struct{ name, header, value, want string }{
		{"absolute", "Location", "https://h/a?sig=s3cret", "https://h/a?REDACTED"},
		{"no query", "Location", "https://h/a", "https://h/a"},
		{"relative", "Location", "/a/b?sig=s3cret", "/a/b?REDACTED"},
		{"relative, without a slash", "Location", "b?sig=s3cret", "b?REDACTED"},
		{"a query alone", "Location", "?sig=s3cret", "?REDACTED"},
		{"commas and semicolons", "Location", "https://h/a?b=1,c;sig=s3cret", "https://h/a?REDACTED"},
		{"a space", "Location", "/a?b=1 sig=s3cret", "/a?REDACTED"},
		{"a second question mark", "Location", "/a?b?sig=s3cret", "/a?REDACTED"},
		{"a user", "Location", "https://u:s3cret@h/a", "https://h/a"},
		{"a user and a query", "Location", "HTTPS://u:s3cret@h/a?b", "HTTPS://h/a?REDACTED"},
		{"the other monitors", "Azure-Asyncoperation", "/op?sig=s3cret", "/op?REDACTED"},
		{"the other monitors", "Operation-Location", "/op?sig=s3cret", "/op?REDACTED"},
		{"where the content is", "Content-Location", "x?sig=s3cret", "x?REDACTED"},
		{"refresh", "Refresh", "5; url=/p?sig=s3cret", "5; url=/p?REDACTED"},
		{"a link", "Link", `<https://h/a?b=1,sig=s3cret>; rel="next"`, `<https://h/a?REDACTED>; rel="next"`},
		{"links, relative ones too", "Link", `</a?sig=s3cret>; rel="next", <https://h/b?sig=s3cret;x>; rel="prev"; title="what?"`, `</a?REDACTED>; rel="next", <https://h/b?REDACTED>; rel="prev"; title="what?"`},
		{"any header with a URL", "X-Upload", "https://h/u?sig=s3cret", "https://h/u?REDACTED"},
		{"any header with a path", "X-Next", "/u?sig=s3cret", "/u?REDACTED"},
		{"within a text", "X-Text", `see "https://h/u?sig=s3cret" or not?`, `see "https://h/u?REDACTED" or not?`},
		{"a question", "X-Text", "what? no URL", "what? no URL"},
	}
	s := newService(t, "https://h")
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.header, func(t *testing.T) {
			got := s.Capture(&transport.Response{URL: parse(t, "https://h"), Header: http.Header{tt.header: {tt.value}}})
			require.Equal(t, map[string][]string{tt.header: {tt.want}}, got.Headers)
		})
	}
}

func TestCaptureCutsBodies(t *testing.T) {
	tests := []struct {
		name, body string
		truncated  bool
		want       *perdure.Body
	}{
		{"empty", "", false, nil},
		{"JSON", `[1]`, false, perdure.JSONBody(json.RawMessage(`[1]`))},
		{"text", "abc", false, perdure.TextBody("abc")},
		{"at the limit", "12345678", false, perdure.JSONBody(json.RawMessage("12345678"))},
		{"above it", "abcdefghi", true, perdure.TextBody("abcdefgh")},
		{"JSON that is cut is text", `{"a":"bcd"}`, true, perdure.TextBody(`{"a":"bc`)},
		{"at a rune's border", "abcdefü!", true, perdure.TextBody("abcdefü")},
		{"within two bytes", "abcdefgü", true, perdure.TextBody("abcdefg")},
		{"within three bytes", "abcdef→", true, perdure.TextBody("abcdef")},
		{"within four bytes", "abcde😀", true, perdure.TextBody("abcde")},
		{"bytes", "\xff\x00", false, perdure.BytesBody([]byte("\xff\x00"))},
		{"bytes that are cut", "\xff" + strings.Repeat("\x00", 9), true, perdure.BytesBody([]byte("\xff\x00\x00\x00\x00\x00\x00\x00"))},
		{"bytes without a border", strings.Repeat("\x80", 20), true, perdure.BytesBody([]byte(strings.Repeat("\x80", 8)))},
	}
	s := newService(t, "https://h", func(c *transport.Config) { c.Limits.CaptureBytes = 8 })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			original := strings.Clone(tt.body)
			r := &transport.Response{URL: parse(t, "https://h"), Body: []byte(tt.body)}
			got := s.Capture(r)
			require.Equal(t, tt.want, got.Body)
			require.Equal(t, tt.truncated, got.Truncated)
			require.Equal(t, original, string(r.Body), "the answer stays whole")
		})
	}
}

func FuzzCapture(f *testing.F) {
	f.Add("Location", "https://u:p@h/a?b#c", []byte("abcdefgü"))
	f.Add("Link", `</a?b>; rel="next"`, []byte("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"))
	f.Add("Set-Cookie", "a=b", []byte(`{"a":1}`))
	s, err := transport.NewService(transport.Config{Name: "jobs", BaseURL: "https://h", Limits: transport.Limits{CaptureBytes: 8}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, value string, body []byte) {
		got := s.Capture(&transport.Response{URL: parse(t, "https://h"), Header: http.Header{name: {value}}, Body: body})
		raw, err := json.Marshal(got)
		require.NoError(t, err)
		require.NotEmpty(t, raw)
		content, err := got.Body.Bytes()
		require.NoError(t, err)
		require.Equal(t, len(body) > 8, got.Truncated)
		require.LessOrEqual(t, len(content), 8)
		if strings.HasPrefix(value, "https://h/?") {
			for _, v := range got.Headers[name] {
				require.True(t, strings.HasPrefix(v, "https://h/?REDACTED"), v)
			}
		}
	})
}
