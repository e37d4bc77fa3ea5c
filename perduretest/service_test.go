package perduretest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/perduretest"
)

// player is one of the two ways to play a script.
type player struct {
	name string
	open func(*perduretest.Service) (*http.Client, string)
}

func players() []player {
	return []player{
		{"listener", func(s *perduretest.Service) (*http.Client, string) { return &http.Client{}, s.URL() }},
		{"memory", func(s *perduretest.Service) (*http.Client, string) { return s.Client(), "http://service.test" }},
	}
}

// caller makes requests for one test.
type caller struct {
	t      *testing.T
	client *http.Client
	base   string
}

func (p player) caller(t *testing.T, s *perduretest.Service) caller {
	t.Helper()
	client, base := p.open(s)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return caller{t, client, base}
}

// run makes the request and gives the error of getting an answer.
func (c caller) run(request *http.Request) error {
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// fails is the error of getting an answer.
func (c caller) fails(method, path, body string) error {
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	return c.run(request)
}

// reply is an answer without its body.
type reply struct {
	StatusCode       int
	Header           http.Header
	ContentLength    int64
	TransferEncoding []string
}

// ask gives the answer, its body and the error of reading that.
func (c caller) ask(method, path, body string) (reply, string, error) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	require.NoError(c.t, err)
	response, err := c.client.Do(request)
	require.NoError(c.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, response.ContentLength, response.TransferEncoding}, string(text), err
}

func TestAScriptIsPlayedInItsOrder(t *testing.T) {
	for _, p := range players() {
		t.Run(p.name, func(t *testing.T) {
			svc := perduretest.NewService(t,
				perduretest.POST("/jobs").WantJSON(`{"name":"nightly"}`).Reply(202).Header("Location", "/jobs/7"),
				perduretest.GET("/jobs/7").Reply(202).Header("Retry-After", "5").Times(2),
				perduretest.GET("/jobs/7").Drop(),
				perduretest.GET("/jobs/7").JSON(200, `{"ok":true}`))
			c := p.caller(t, svc)

			started, _, err := c.ask("POST", "/jobs", `{ "name": "nightly" }`)
			require.NoError(t, err)
			require.Equal(t, 202, started.StatusCode)
			require.Equal(t, "/jobs/7", started.Header.Get("Location"))
			for range 2 {
				running, _, err := c.ask("GET", "/jobs/7", "")
				require.NoError(t, err)
				require.Equal(t, 202, running.StatusCode)
				require.Equal(t, "5", running.Header.Get("Retry-After"))
			}
			err = c.fails("GET", "/jobs/7", "")
			require.ErrorIs(t, err, io.EOF)
			done, body, err := c.ask("GET", "/jobs/7", "")
			require.NoError(t, err)
			require.Equal(t, 200, done.StatusCode)
			require.Equal(t, "application/json", done.Header.Get("Content-Type"))
			require.Equal(t, `{"ok":true}`, body)

			requests := svc.Requests()
			require.Len(t, requests, 5)
			require.Equal(t, "POST", requests[0].Method)
			require.Equal(t, "/jobs", requests[0].URL.Path)
			require.Equal(t, `{ "name": "nightly" }`, string(requests[0].Body))
			require.False(t, requests[4].At.Before(requests[0].At))
		})
	}
}

func TestWhatTheAnswerLooksLike(t *testing.T) {
	for _, p := range players() {
		t.Run(p.name, func(t *testing.T) {
			svc := perduretest.NewService(t,
				perduretest.GET("/plain").Body("text"),
				perduretest.GET("/untyped").JSON(200, `{}`).WithoutContentType(),
				perduretest.GET("/chunked").Header("Content-Type", "text/event-stream").Chunks("data: a\n\n", "", "data: b\n\n"),
				perduretest.DELETE("/nothing").Reply(204))
			c := p.caller(t, svc)

			plain, body, err := c.ask("GET", "/plain", "")
			require.NoError(t, err)
			require.Equal(t, "text", body)
			require.EqualValues(t, 4, plain.ContentLength)
			require.NotContains(t, plain.Header, "Content-Type")

			untyped, _, err := c.ask("GET", "/untyped", "")
			require.NoError(t, err)
			require.NotContains(t, untyped.Header, "Content-Type")

			chunked, body, err := c.ask("GET", "/chunked", "")
			require.NoError(t, err)
			require.Equal(t, "data: a\n\ndata: b\n\n", body)
			require.Equal(t, []string{"chunked"}, chunked.TransferEncoding)
			require.EqualValues(t, -1, chunked.ContentLength)

			nothing, body, err := c.ask("DELETE", "/nothing", "")
			require.NoError(t, err)
			require.Equal(t, 204, nothing.StatusCode)
			require.Empty(t, body)
		})
	}
}

func TestConnectionsBreakWhereTheScriptSays(t *testing.T) {
	for _, p := range players() {
		t.Run(p.name, func(t *testing.T) {
			svc := perduretest.NewService(t,
				perduretest.POST("/unread").WantBody("never looked at").DropUnread(),
				perduretest.POST("/read").WantBody("hello").Drop(),
				perduretest.GET("/half").JSON(200, `{"ok":true}`).DropAfter(5),
				perduretest.GET("/headers").Reply(200).Body("x").DropAfter(0),
				perduretest.GET("/chunks").Chunks("one", "two", "three").DropAfter(5))
			c := p.caller(t, svc)

			err := c.fails("POST", "/unread", "hello")
			require.Error(t, err)
			require.True(t, errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE), err)
			err = c.fails("POST", "/read", "hello")
			require.ErrorIs(t, err, io.EOF)
			half, body, err := c.ask("GET", "/half", "")
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Equal(t, 200, half.StatusCode)
			require.EqualValues(t, 11, half.ContentLength)
			require.Equal(t, `{"ok"`, body)
			_, body, err = c.ask("GET", "/headers", "")
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Empty(t, body)
			_, body, err = c.ask("GET", "/chunks", "")
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Equal(t, "onetw", body)

			requests := svc.Requests()
			require.Nil(t, requests[0].Body)
			require.Equal(t, "hello", string(requests[1].Body))
		})
	}
}

func TestAHeldAnswerWaitsForItsRelease(t *testing.T) {
	for _, p := range players() {
		t.Run(p.name, func(t *testing.T) {
			release := make(chan struct{})
			svc := perduretest.NewService(t, perduretest.POST("/jobs").Hold(release).Reply(202))
			c := p.caller(t, svc)

			answered := make(chan error, 1)
			go func() {
				err := c.fails("POST", "/jobs", "")
				answered <- err
			}()
			require.NoError(t, svc.WaitFor(t.Context(), 1))
			select {
			case err := <-answered:
				require.Fail(t, "answered before the release", "%v", err)
			default:
			}
			close(release)
			require.NoError(t, <-answered)
		})
	}
}

func TestAHeldAnswerIsGivenUpWithTheClient(t *testing.T) {
	for _, p := range players() {
		t.Run(p.name, func(t *testing.T) {
			svc := perduretest.NewService(t, perduretest.POST("/jobs").Hold(make(chan struct{})))
			c := p.caller(t, svc)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				_ = svc.WaitFor(t.Context(), 1)
				cancel()
			}()
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/jobs", http.NoBody)
			require.NoError(t, err)
			err = c.run(request)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestRequestsInAnyOrder(t *testing.T) {
	for _, p := range players() {
		t.Run(p.name, func(t *testing.T) {
			svc := perduretest.NewService(t,
				perduretest.GET("/a").AnyTimes().Body("later"),
				perduretest.GET("/a").Times(2).Body("first"),
				perduretest.GET("/b").Body("b"),
				perduretest.GET("/b?page=2").Body("b2"),
			).AnyOrder()
			c := p.caller(t, svc)

			var group sync.WaitGroup
			for _, path := range []string{"/b?page=2", "/a", "/b", "/a"} {
				group.Go(func() {
					err := c.fails("GET", path, "")
					if err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			_, body, err := c.ask("GET", "/a", "")
			require.NoError(t, err)
			require.Equal(t, "later", body)
		})
	}
}

func TestAnyTimesEndsWithTheNextStep(t *testing.T) {
	for _, polls := range []int{0, 1, 5} {
		svc := perduretest.NewService(t,
			perduretest.GET("/jobs/7").Reply(202).AnyTimes(),
			perduretest.DELETE("/jobs/7").Reply(204),
			perduretest.GET("/jobs/7").Reply(410).AnyTimes())
		c := players()[1].caller(t, svc)
		for range polls {
			running, _, err := c.ask("GET", "/jobs/7", "")
			require.NoError(t, err)
			require.Equal(t, 202, running.StatusCode)
		}
		deleted, _, err := c.ask("DELETE", "/jobs/7", "")
		require.NoError(t, err)
		require.Equal(t, 204, deleted.StatusCode)
		gone, _, err := c.ask("GET", "/jobs/7", "")
		require.NoError(t, err)
		require.Equal(t, 410, gone.StatusCode)
	}
}

func TestTheTestFails(t *testing.T) {
	tests := []struct {
		name  string
		steps []perduretest.Step
		any   bool
		calls []string // "METHOD path body"
		want  []string // parts of the failures, one for each
	}{
		{
			name:  "on a request too many",
			steps: []perduretest.Step{perduretest.GET("/a")},
			calls: []string{"GET /a", "GET /a"},
			want:  []string{"request 2: got GET /a, want no more requests"},
		},
		{
			name:  "on a request too few",
			steps: []perduretest.Step{perduretest.GET("/a"), perduretest.GET("/b").Times(3), perduretest.GET("/c").AnyTimes()},
			calls: []string{"GET /a", "GET /b"},
			want:  []string{"have not come: GET /b (2 times)"},
		},
		{
			name:  "on another request",
			steps: []perduretest.Step{perduretest.GET("/a"), perduretest.GET("/b?page=2")},
			calls: []string{"GET /a", "GET /b?page=3", "GET /b?page=2"},
			want:  []string{"request 2: got GET /b?page=3, want GET /b?page=2 (step 2)"},
		},
		{
			name:  "on another request, in any order",
			steps: []perduretest.Step{perduretest.GET("/a"), perduretest.GET("/b")},
			any:   true,
			calls: []string{"GET /c", "GET /b", "GET /a", "GET /a"},
			want:  []string{"got GET /c, want GET /a, GET /b", "got GET /a, want no more requests"},
		},
		{
			name:  "on another body",
			steps: []perduretest.Step{perduretest.POST("/a").WantJSON(`{"n":1}`), perduretest.POST("/a").WantBody("x")},
			calls: []string{`POST /a {"n":1.0}`, "POST /a y"},
			want:  []string{`body: got {"n":1.0}, want {"n":1}`, `body: got "y", want "x"`},
		},
		{
			name: "on another header",
			steps: []perduretest.Step{
				perduretest.POST("/a").WantHeader("Idempotency-Key", "k").WantHeader("Authorization", ""),
			},
			calls: []string{"POST /a"},
			want:  []string{`header Idempotency-Key: got [], want "k"`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, p := range players() {
				t.Run(p.name, func(t *testing.T) {
					fake := &fakeTB{TB: t}
					svc := perduretest.NewService(fake, test.steps...)
					if test.any {
						svc.AnyOrder()
					}
					c := p.caller(t, svc)
					for _, call := range test.calls {
						parts := append(strings.SplitN(call, " ", 3), "")
						_, _, err := c.ask(parts[0], parts[1], parts[2])
						require.NoError(t, err)
					}
					failures := fake.end()
					require.Len(t, failures, len(test.want), failures)
					for i, want := range test.want {
						require.Contains(t, failures[i], want)
					}
				})
			}
		})
	}
}

func TestWhatIsNotInTheScriptIsNoPassingTrouble(t *testing.T) {
	for _, p := range players() {
		t.Run(p.name, func(t *testing.T) {
			fake := &fakeTB{TB: t}
			c := p.caller(t, perduretest.NewService(fake))
			response, body, err := c.ask("GET", "/a", "")
			require.NoError(t, err)
			require.Equal(t, 400, response.StatusCode)
			require.Contains(t, body, "no more requests")
			require.Len(t, fake.end(), 1)
		})
	}
}

func TestAStepIsAValue(t *testing.T) {
	running := perduretest.GET("/jobs/7").Reply(202).Header("X-A", "1")
	slower := running.Header("X-A", "2").Times(2)
	svc := perduretest.NewService(t, running, slower, running)
	c := players()[1].caller(t, svc)
	for _, want := range [][]string{{"1"}, {"1", "2"}, {"1", "2"}, {"1"}} {
		response, _, err := c.ask("GET", "/jobs/7", "")
		require.NoError(t, err)
		require.Equal(t, want, response.Header.Values("X-A"))
	}
}

func TestHoursPassInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		svc := perduretest.NewService(t,
			perduretest.GET("/slow").Slow(3*time.Hour),
			perduretest.GET("/stream").Chunks("a", "b", "c").Pace(time.Hour),
			perduretest.GET("/late").Slow(time.Hour),
			perduretest.GET("/held").Hold(release).Reply(202))
		c := players()[1].caller(t, svc)
		begun := time.Now()

		_, _, err := c.ask("GET", "/slow", "")
		require.NoError(t, err)
		require.Equal(t, 3*time.Hour, time.Since(begun))

		_, body, err := c.ask("GET", "/stream", "")
		require.NoError(t, err)
		require.Equal(t, "abc", body)
		require.Equal(t, 5*time.Hour, time.Since(begun))

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/late", http.NoBody)
		require.NoError(t, err)
		err = c.run(request)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		go func() {
			time.Sleep(time.Hour)
			close(release)
		}()
		held, _, err := c.ask("GET", "/held", "")
		require.NoError(t, err)
		require.Equal(t, 202, held.StatusCode)
		require.Equal(t, 6*time.Hour+time.Minute, time.Since(begun))
		require.Equal(t, 5*time.Hour, svc.Requests()[2].At.Sub(begun))
	})
}

func TestAClosedBodyStopsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.GET("/stream").Chunks("a", "b").Pace(time.Hour))
		c := players()[1].caller(t, svc)
		begun := time.Now()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/stream", http.NoBody)
		require.NoError(t, err)
		response, err := c.client.Do(request) //nolint:bodyclose // closed below, while it is being read
		require.NoError(t, err)
		go func() {
			time.Sleep(time.Second)
			_ = response.Body.Close()
		}()
		text, err := io.ReadAll(response.Body)
		require.Error(t, err)
		require.Equal(t, "a", string(text))
		require.Equal(t, time.Second, time.Since(begun))
	})
}
