package transport_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/transport"
)

// open opens, as one who has been admitted.
func open(t *testing.T, s *transport.Service, r transport.Request) (*transport.Response, io.ReadCloser, error) {
	t.Helper()
	release, err := s.Admit(t.Context())
	require.NoError(t, err)
	defer release()
	return s.Open(t.Context(), r)
}

func TestOpenGivesTheBodyAsItComes(t *testing.T) {
	next := make(chan string)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Encoding", r.Header.Get("Accept-Encoding"))
		w.WriteHeader(http.StatusOK)
		for part := range next {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	})
	r := get(t, s.URL+"/events")
	r.Header = http.Header{"Accept-Encoding": {"gzip"}}
	go func() { next <- "" }()
	answer, body, err := open(t, newService(t, s.URL), r)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status)
	require.Equal(t, s.URL+"/events", answer.URL.String())
	require.Nil(t, answer.Body)
	require.Equal(t, "identity", answer.Header.Get("X-Encoding"), "gzip would hold events back")
	for _, part := range []string{"one", "two"} {
		next <- part
		got := make([]byte, 3)
		_, err := io.ReadFull(body, got)
		require.NoError(t, err)
		require.Equal(t, part, string(got))
	}
	close(next)
	rest, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.NoError(t, body.Close())
}

// streaming answers with a head at once, or after a while, and with a body that gives a
// byte a minute.
type streaming struct{ before time.Duration }

func (s streaming) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(s.before):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: minutes{r.Context()}}, nil
}

type minutes struct{ ctx context.Context }

func (m minutes) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Minute):
		return copy(p, "x"), nil
	case <-m.ctx.Done():
		return 0, m.ctx.Err()
	}
}

func (minutes) Close() error { return nil }

// limits.requestTimeout is for the head: a stream lasts.
func TestTheTimeoutIsForTheHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, "https://h")
		s.SetRoundTripper(streaming{before: 59 * time.Second})
		_, body, err := open(t, s, get(t, "https://h/events"))
		require.NoError(t, err)
		_, err = io.ReadFull(body, make([]byte, 24*60))
		require.NoError(t, err)
		require.NoError(t, body.Close())
		_, err = body.Read(make([]byte, 1))
		require.ErrorIs(t, err, context.Canceled, "the connection is given up")

		s.SetRoundTripper(streaming{before: 61 * time.Second})
		begin := time.Now()
		_, body, err = open(t, s, get(t, "https://h/events"))
		require.Nil(t, body)
		var unanswered *transport.SendError
		require.ErrorAs(t, err, &unanswered)
		require.ErrorContains(t, err, "limits.requestTimeoutSeconds")
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

func TestAnOpenBodyEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, "https://h")
		s.SetRoundTripper(streaming{})
		ctx, cancel := context.WithCancelCause(t.Context())
		_, body, err := s.Open(ctx, get(t, "https://h/events"))
		require.NoError(t, err)
		time.AfterFunc(90*time.Second, func() { cancel(errors.New("enough")) })
		n, err := io.Copy(io.Discard, body)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, int64(1), n)
		require.NoError(t, body.Close())
	})
}

// A stream that is open is no request under way.
func TestAnOpenBodyTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, "https://h", func(c *transport.Config) { c.Limits.Concurrency = 1 })
		s.SetRoundTripper(streaming{})
		for range 3 {
			_, body, err := open(t, s, get(t, "https://h/events"))
			require.NoError(t, err)
			defer func() { _ = body.Close() }()
		}
	})
}

// What is no stream is read as any answer.
func TestOpenReadsWhatIsNoStream(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/large":
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, strings.Repeat("x", 101))
		case "/away":
			http.Redirect(w, r, "https://other.example.com/", http.StatusFound)
		case "/moved":
			http.Redirect(w, r, "/events", http.StatusTemporaryRedirect)
		case "/events":
			_, _ = io.WriteString(w, "data: a\n\n")
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "who?")
		}
	})
	service := newService(t, s.URL, func(c *transport.Config) { c.Limits.MaxResponseBytes = 100 })
	t.Run("an error", func(t *testing.T) {
		answer, body, err := open(t, service, get(t, s.URL+"/nothing"))
		require.NoError(t, err)
		require.Nil(t, body)
		require.Equal(t, "who?", string(answer.Body))
		require.Equal(t, http.StatusNotFound, answer.Status)
	})
	t.Run("an error that is too large", func(t *testing.T) {
		_, body, err := open(t, service, get(t, s.URL+"/large"))
		require.Nil(t, body)
		require.ErrorAs(t, err, new(*perdure.SizeError))
	})
	t.Run("a redirect", func(t *testing.T) {
		answer, body, err := open(t, service, get(t, s.URL+"/moved"))
		require.NoError(t, err)
		require.Equal(t, s.URL+"/events", answer.URL.String())
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, "data: a\n\n", string(text))
		require.NoError(t, body.Close())
	})
	t.Run("a redirect of a POST", func(t *testing.T) {
		r := get(t, s.URL+"/moved")
		r.Method = http.MethodPost
		answer, body, err := open(t, service, r)
		require.NoError(t, err)
		require.Nil(t, body)
		require.Equal(t, http.StatusTemporaryRedirect, answer.Status)
	})
	t.Run("a redirect to another origin", func(t *testing.T) {
		_, _, err := open(t, service, get(t, s.URL+"/away"))
		require.ErrorAs(t, err, new(*perdure.EgressError))
	})
	t.Run("nobody there", func(t *testing.T) {
		base := "http://" + closedPort(t)
		_, _, err := open(t, newService(t, base), transport.Request{Method: "POST", URL: parse(t, base), Start: true})
		var unanswered *transport.SendError
		require.ErrorAs(t, err, &unanswered)
		require.True(t, unanswered.Unsent)
	})
}

// A credential that is no longer taken is read anew, as for any request.
func TestOpenRefreshes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, "old")
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			write(t, file, "new")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, "data: a\n\n")
	})
	service := newService(t, s.URL, with(auth.Bearer("jobs", auth.Secret{File: file})))
	answer, body, err := open(t, service, get(t, s.URL))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status)
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "data: a\n\n", string(text))
	require.NoError(t, body.Close())
}

// Nothing is unpacked that was packed unasked: who reads it sees what came.
func TestOpenUnpacksNothing(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, "data: a\n\n")
		_ = z.Close()
	})
	answer, body, err := open(t, newService(t, s.URL), get(t, s.URL))
	require.NoError(t, err)
	require.Equal(t, "gzip", answer.Header.Get("Content-Encoding"))
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	require.NotContains(t, string(text), "data")
	require.NoError(t, body.Close())
}
