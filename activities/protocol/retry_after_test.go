package protocol_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
)

var now = time.Date(1994, 11, 6, 8, 49, 0, 0, time.UTC)

// Else what the service asks for, unless `ignoreRetryAfter`: the first of
// `retry-after-ms`, `x-ms-retry-after-ms` and `openai-poll-after-ms` in milliseconds,
// then `Retry-After` in seconds or as a date in any of HTTP's three formats.
//
//rule:wait 2 RFC 9110 sections 10.2.3 and 5.6.7; azcore; OAI SDK
func TestRetryAfter(t *testing.T) {
	tests := []struct {
		name   string
		header map[string]string
		want   time.Duration
	}{
		{"nothing", nil, 0},
		{"seconds", map[string]string{"Retry-After": "7"}, 7 * time.Second},
		{"seconds with spaces", map[string]string{"Retry-After": " 7\t"}, 7 * time.Second},
		{"a fraction", map[string]string{"Retry-After": "0.25"}, 250 * time.Millisecond},
		{"a fraction that begins with its point", map[string]string{"Retry-After": ".5"}, 500 * time.Millisecond},
		{"milliseconds", map[string]string{"Retry-After-Ms": "1500"}, 1500 * time.Millisecond},
		{"milliseconds with a fraction", map[string]string{"retry-after-ms": "1.5"}, 1500 * time.Microsecond},
		{"Azure's milliseconds", map[string]string{"x-ms-retry-after-ms": "20"}, 20 * time.Millisecond},
		//rule:openai 2
		{"OpenAI's milliseconds", map[string]string{"openai-poll-after-ms": "30"}, 30 * time.Millisecond},
		{"the first comes first", map[string]string{"retry-after-ms": "1", "x-ms-retry-after-ms": "2", "openai-poll-after-ms": "3", "Retry-After": "4"}, time.Millisecond},
		{"then the second", map[string]string{"x-ms-retry-after-ms": "2", "openai-poll-after-ms": "3", "Retry-After": "4"}, 2 * time.Millisecond},
		{"then the third", map[string]string{"openai-poll-after-ms": "3", "Retry-After": "4"}, 3 * time.Millisecond},
		{"what says nothing is passed over", map[string]string{"retry-after-ms": "0", "x-ms-retry-after-ms": "soon", "openai-poll-after-ms": "-5", "Retry-After": "4"}, 4 * time.Second},
		{"IMF-fixdate", map[string]string{"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, 37 * time.Second},
		{"RFC 850", map[string]string{"Retry-After": "Sunday, 06-Nov-94 08:49:37 GMT"}, 37 * time.Second},
		{"asctime", map[string]string{"Retry-After": "Sun Nov  6 08:49:37 1994"}, 37 * time.Second},
		// Zero, negative, past and unreadable values count as not said. More than an
		// hour counts as an hour.
		//
		//rule:wait 3 -
		{"a date in the past", map[string]string{"Retry-After": "Sun, 06 Nov 1994 08:48:00 GMT"}, 0},
		{"a date that is now", map[string]string{"Retry-After": "Sun, 06 Nov 1994 08:49:00 GMT"}, 0},
		{"a date far away", map[string]string{"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, time.Hour},
		{"a date in milliseconds' place", map[string]string{"Retry-After-Ms": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0},
		{"an ISO date", map[string]string{"Retry-After": "1994-11-06T08:49:37Z"}, 0},
		{"zero", map[string]string{"Retry-After": "0"}, 0},
		{"less than a nanosecond", map[string]string{"Retry-After": "0.0000000001"}, 0},
		{"negative", map[string]string{"Retry-After": "-1"}, 0},
		{"empty", map[string]string{"Retry-After": ""}, 0},
		{"a word", map[string]string{"Retry-After": "soon"}, 0},
		{"a point", map[string]string{"Retry-After": "."}, 0},
		{"two points", map[string]string{"Retry-After": "1.2.3"}, 0},
		{"two values", map[string]string{"Retry-After": "1, 2"}, 0},
		{"infinite", map[string]string{"Retry-After": "Inf"}, 0},
		{"no number", map[string]string{"Retry-After": "NaN"}, 0},
		{"hexadecimal", map[string]string{"Retry-After": "0x10"}, 0},
		{"an exponent", map[string]string{"Retry-After": "1e3"}, 0},
		{"underscores", map[string]string{"Retry-After": "1_000"}, 0},
		{"a unit", map[string]string{"Retry-After": "5s"}, 0},
		{"an hour", map[string]string{"Retry-After": "3600"}, time.Hour},
		{"the cap", map[string]string{"Retry-After": "3601"}, time.Hour},
		{"the cap of milliseconds", map[string]string{"Retry-After-Ms": "99999999"}, time.Hour},
		{"above any number", map[string]string{"Retry-After": strings.Repeat("9", 400)}, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			for name, value := range tt.header {
				h.Set(name, value)
			}
			require.Equal(t, tt.want, protocol.RetryAfter(h, now))
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "7", "0.5", "-1", "Inf", "NaN", "1e400", "0x1p-2", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "9999999999999999999999"} {
		f.Add(seed, seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, ms, azure, openai, plain string) {
		h := http.Header{}
		for name, value := range map[string]string{"Retry-After-Ms": ms, "X-Ms-Retry-After-Ms": azure, "Openai-Poll-After-Ms": openai, "Retry-After": plain} {
			h.Set(name, value)
		}
		wait := protocol.RetryAfter(h, now)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, protocol.MaxRetryAfter)
	})
}
