package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

const (
	clientSecret = "canary-client-secret"
	tokenLasts   = 4 * time.Second
)

// guarded is a service that wants a token, and the issuer of the tokens.
type guarded struct {
	mu       sync.Mutex
	down     bool // the issuer
	issued   int
	early    int                  // while the one before was still good
	valid    map[string]time.Time // tokens, and until when
	started  int
	polls    int // with a token that was good
	refused  int
	asked    int // questions to the issuer
	finished bool
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		g.issue(w, r)
		return
	}
	g.serve(w, r)
}

func (g *guarded) serve(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	sent, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if time.Now().After(g.valid[sent]) {
		g.refused++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	status := "in_progress"
	switch {
	case r.Method == http.MethodPost:
		g.started++
	case g.finished:
		status = "completed"
	default:
		g.polls++
	}
	_, _ = fmt.Fprintf(w, `{"id":"vs_%d","object":"vector_store","status":%q}`, g.started, status)
}

func (g *guarded) issue(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	_, secret, inHeader := r.BasicAuth()
	if !inHeader {
		secret = r.PostFormValue("client_secret")
	}
	switch {
	case g.down:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case secret != clientSecret:
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if time.Now().Before(g.valid[token(g.issued)]) {
		g.early++
	}
	g.issued++
	g.valid[token(g.issued)] = time.Now().Add(tokenLasts)
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d}`, token(g.issued), int(tokenLasts.Seconds()))
}

func token(n int) string { return fmt.Sprintf("canary-token-%d", n) }

// revoke makes every token worthless before its time.
func (g *guarded) revoke() { g.change(func() { g.valid = map[string]time.Time{} }) }

func (g *guarded) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

// holds reports what the books say.
func (g *guarded) holds(f func() bool) func() bool {
	return func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return f()
	}
}

// clients are the credentials of a client with a secret: how a service is set up with one,
// whose tokens and requests go by the books, and what the worker's environment then is.
var clients = map[string]func(t *testing.T, g *guarded, secret string) (s settings, env []string){
	"oauth2": func(t *testing.T, g *guarded, secret string) (settings, []string) {
		t.Helper()
		listener := httptest.NewServer(g)
		t.Cleanup(listener.Close)
		extra := fmt.Sprintf("    auth: {type: oauth2, tokenURL: %q, clientId: worker, env: E2E_CLIENT_SECRET}\n", listener.URL+"/token")
		return settings{url: listener.URL, extra: extra}, []string{"E2E_CLIENT_SECRET=" + secret}
	},
	"azure": func(t *testing.T, g *guarded, secret string) (settings, []string) {
		t.Helper()
		e := newEntra(t, g.issue, g)
		return settings{url: e.URL, extra: e.settings()}, e.environment(secret)
	},
}

// An operation lasts longer than tokens do: they are renewed before they expire, once
// more when one is refused all the same, and waited for while nobody issues any.
func TestAnOperationOutlivesItsTokens(t *testing.T) {
	t.Parallel()
	for kind, client := range clients {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := &guarded{valid: map[string]time.Time{}}
			s, env := client(t, g, clientSecret)
			outlivesItsTokens(t, newWorld(t, s), g, env)
		})
	}
}

func outlivesItsTokens(t *testing.T, w *world, g *guarded, env []string) {
	t.Helper()
	p := w.workerAt(w.server.HostPort(), env...)
	ctx := patient(t)
	op, err := starter.Start[store](ctx, w.client, vectorStore(0), nil)
	require.NoError(t, err)

	eventually(ctx, t, "the third token", g.holds(func() bool { return g.issued >= 3 }))
	require.True(t, g.holds(func() bool { return g.early > 0 })(), "renewed before the expiry")

	var polls, refused int
	g.change(func() { polls, refused = g.polls, g.refused })
	g.revoke()
	eventually(ctx, t, "questions with another token", g.holds(func() bool { return g.refused > refused && g.polls > polls }))

	g.change(func() { g.down, g.asked = true, 0 })
	g.revoke()
	eventually(ctx, t, "the issuer was asked in vain, again and again", g.holds(func() bool { return g.asked >= 3 }))
	g.change(func() { g.down, polls = false, g.polls })
	eventually(ctx, t, "the operation goes on", g.holds(func() bool { return g.polls > polls }))

	// A start that meets a token that has just been revoked is sent again: the service
	// refused it, and so started nothing.
	g.revoke()
	second, err := starter.Start[store](ctx, w.client, vectorStore(0), nil)
	require.NoError(t, err)
	g.change(func() { g.finished = true })
	for _, op := range []*starter.Operation[store]{op, second} {
		value, err := op.Wait(ctx, nil)
		require.NoError(t, err)
		require.Equal(t, "completed", value.Status)
	}
	require.True(t, g.holds(func() bool { return g.started == 2 })(), "each was started once")

	said := w.everythingSaid(t, op.ID()) + w.everythingSaid(t, second.ID()) + p.log.String()
	require.Contains(t, said, "in_progress", "it is what was said")
	require.NotContains(t, said, "canary")
}

// A client that the issuer refuses has no credential: that ends the operation, and says
// where it failed.
func TestAnIssuerThatRefusesTheClient(t *testing.T) {
	t.Parallel()
	refusals := maps.Clone(clients)
	refusals["aws"] = func(t *testing.T, g *guarded, secret string) (settings, []string) {
		t.Helper()
		listener := httptest.NewServer(g)
		t.Cleanup(listener.Close)
		none := filepath.Join(t.TempDir(), "none")
		return settings{url: listener.URL, extra: "    auth: {type: aws, region: eu-central-1, service: execute-api}\n"}, []string{
			"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + listener.URL + "/token", "AWS_CONTAINER_AUTHORIZATION_TOKEN=" + secret,
			"AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none, "AWS_EC2_METADATA_DISABLED=true", "AWS_CA_BUNDLE=",
		}
	}
	sources := map[string]string{"oauth2": "token endpoint ", "azure": "Azure's default credentials", "aws": "AWS's default credentials"}
	for kind, client := range refusals {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := &guarded{valid: map[string]time.Time{}}
			s, env := client(t, g, "canary-another")
			w := newWorld(t, s)
			p := w.workerAt(w.server.HostPort(), env...)
			id := w.queue + "-refused"
			_, _, err := starter.Run[store](patient(t), w.client, vectorStore(0), &starter.StartOptions{ID: id})
			require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorCredentialFailed})
			require.ErrorContains(t, err, sources[kind])
			require.ErrorContains(t, err, "answered with HTTP 401")
			require.True(t, g.holds(func() bool { return g.started == 0 && g.asked > 0 })())
			require.NotContains(t, err.Error()+w.everythingSaid(t, id)+p.log.String(), "canary")
		})
	}
}
