package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLateness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		exchange := func(method, path, body string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
			return w
		}
		start := func(number, every int) {
			w := exchange(http.MethodPost, "/jobs", fmt.Sprintf(`{"number":%d,"everySeconds":%d}`, number, every))
			require.Equal(t, http.StatusAccepted, w.Code)
			require.Equal(t, strconv.Itoa(every), w.Header().Get("Retry-After"))
			require.Equal(t, fmt.Sprintf("/jobs/%d", number), w.Header().Get("Location"))
		}
		start(1, 5)
		start(2, 5)
		start(3, 3600)
		from := time.Now()
		time.Sleep(6 * time.Second)
		require.Equal(t, http.StatusAccepted, exchange(http.MethodGet, "/jobs/1", "").Code)
		require.Equal(t, http.StatusNotFound, exchange(http.MethodGet, "/jobs/4", "").Code)
		time.Sleep(2 * time.Second)
		require.ElementsMatch(t, []time.Duration{time.Second, 3 * time.Second}, s.lateness(5*time.Second, from, time.Now()),
			"one came a second late, and one has not come three seconds after its time")
		require.Empty(t, s.lateness(time.Hour, from, time.Now()))
		require.Equal(t, 1, s.asked(5*time.Second, from, time.Now()))

		s.finish(2)
		require.JSONEq(t, `{"number":2,"status":"succeeded"}`, exchange(http.MethodGet, "/jobs/2", "").Body.String())
		require.Zero(t, s.startedTwice())
		start(1, 5)
		require.Equal(t, 1, s.startedTwice())
	})
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 20_000: "20,000", 10_000_000: "10,000,000"} {
		require.Equal(t, want, thousands(n))
	}
}
