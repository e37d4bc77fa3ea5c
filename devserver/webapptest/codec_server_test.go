package webapptest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/tokens"
)

// Temporal's own web UI shows what is encrypted to who has logged in, and whose tokens the
// codec server takes.
func TestWebUIShowsWhatIsEncrypted(t *testing.T) {
	if browser == nil {
		t.Skip("there is no Chromium or Chrome here; on Debian: apt-get install chromium")
	}
	s := newSecrets(t)
	operator, guest := s.loggedIn("operators"), s.loggedIn("guests")
	operator.shows("canary-in-the-input", true)
	guest.shows("canary-in-the-input", false)
}

// secrets are an encrypted workflow, and a codec server for a web UI whose users log in.
type secrets struct {
	*world

	server   *devserver.Server
	browser  context.Context
	issuer   oidctest.Server
	login    string
	key      *rsa.PrivateKey
	ui       string // the web UI's URL
	workflow string // its page
}

func newSecrets(t *testing.T) *secrets {
	t.Helper()
	s := &secrets{world: &world{t: t, config: filepath.Join(t.TempDir(), "perdure.yaml")}}
	var err error
	s.server, err = devserver.Start(t.Context(), devserver.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(s.server.Stop)
	s.key, err = rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	s.issuer.PublicKeys = []oidctest.PublicKey{{PublicKey: s.key.Public(), KeyID: "k", Algorithm: oidc.RS256}}
	issuer := httptest.NewServer(&s.issuer)
	t.Cleanup(issuer.Close)
	s.issuer.SetIssuer(issuer.URL)
	s.login = issuer.URL
	s.begin()
	s.serveUI()

	executable, err := findBrowser()
	require.NoError(t, err)
	window, stop, err := startBrowser(executable, chromedp.IgnoreCertErrors)
	require.NoError(t, err)
	t.Cleanup(stop)
	s.browser = window
	return s
}

// begin starts a workflow with an encrypted input, which nobody works on.
func (s *secrets) begin() {
	s.t.Helper()
	keyset, err := tokens.Create(filepath.Join(filepath.Dir(s.config), "payload-keyset.json"))
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(s.config, []byte("encryption: {keysetFile: payload-keyset.json}\n"), 0o600))
	encrypted := payloads.New(payloads.Options{Keyset: keyset})
	c, err := client.DialContext(s.t.Context(), encrypted.ClientOptions(client.Options{HostPort: s.server.HostPort(), ConnectionOptions: unhurried}))
	require.NoError(s.t, err)
	s.t.Cleanup(c.Close)
	run, err := c.ExecuteWorkflow(s.t.Context(), client.StartWorkflowOptions{ID: "nightly", TaskQueue: "nobody"}, "Nightly", "canary-in-the-input")
	require.NoError(s.t, err)
	s.workflow = "/namespaces/default/workflows/nightly/" + run.GetRunID() + "/history"
}

// serveUI puts a front before the web UI that says what its configuration would: that its
// users log in, and where the codec server is, to which it is to pass their tokens.
func (s *secrets) serveUI() {
	s.t.Helper()
	var codec string
	front := proxyTo(s.t, s.server.UIURL())
	front.ModifyResponse = func(r *http.Response) error {
		if r.Request.URL.Path != "/api/v1/settings" {
			return nil
		}
		var settings map[string]any
		if err := json.NewDecoder(r.Body).Decode(&settings); err != nil {
			return err
		}
		settings["Auth"] = map[string]any{"Enabled": true}
		settings["Codec"] = map[string]any{"Endpoint": codec, "PassAccessToken": true}
		changed, err := json.Marshal(settings)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(changed)), int64(len(changed))
		r.Header.Set("Content-Length", strconv.Itoa(len(changed)))
		return err
	}
	ui := httptest.NewServer(front)
	s.t.Cleanup(ui.Close)
	s.ui = ui.URL
	codec = s.serveCodec()
}

func proxyTo(t *testing.T, address string) *httputil.ReverseProxy {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding") // so that answers can be read here
		},
		ErrorLog: log.New(io.Discard, "", 0), // browsers break off
	}
}

// serveCodec runs the codec server behind TLS, without which the web UI passes no token.
func (s *secrets) serveCodec() string {
	s.t.Helper()
	p := s.start("perdure", nil, "codec-server", "--config", s.config, "--listen", "127.0.0.1:0", "--origin", s.ui,
		"--oidc-issuer", s.login, "--oidc-audience", "temporal-ui", "--oidc-allow", "groups=operators")
	var address string
	require.Eventually(s.t, func() bool {
		_, address, _ = strings.Cut(strings.TrimSpace(p.log.String()), "codec server at ")
		return address != ""
	}, patience, 20*time.Millisecond)
	front := httptest.NewTLSServer(proxyTo(s.t, address))
	s.t.Cleanup(front.Close)
	return front.URL
}

// user is a window of the web UI in which somebody has logged in.
type user struct {
	*tab
	s *secrets
}

// loggedIn has what the web UI keeps in the browser after a login: an access token that
// only the issuer can read, and an ID token.
func (s *secrets) loggedIn(group string) user {
	s.t.Helper()
	ctx, closeTab := chromedp.NewContext(s.browser, chromedp.WithNewBrowserContext())
	s.t.Cleanup(closeTab)
	require.NoError(s.t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 860)))
	u := user{&tab{t: s.t, ctx: ctx}, s}
	claims := fmt.Sprintf(`{"iss":%q,"aud":"temporal-ui","sub":"ada","groups":[%q],"exp":%d}`, s.login, group, time.Now().Add(time.Hour).Unix())
	login, err := json.Marshal(map[string]string{"accessToken": "opaque", "idToken": oidctest.SignIDToken(s.key, "k", oidc.RS256, claims), "name": "Ada"})
	require.NoError(s.t, err)
	u.do("open it", chromedp.Navigate(s.ui+"/healthz"))
	evaluate[any](u.tab, fmt.Sprintf(`localStorage.setItem("AuthUser", %q)`, login))
	return u
}

// shows waits until the workflow's page is there, with a text of its input or without.
func (u user) shows(text string, want bool) {
	u.t.Helper()
	u.do("open the workflow", chromedp.Navigate(u.s.ui+u.s.workflow))
	in := text
	if !want {
		in = "Codec Server could not connect" // as the web UI says it
	}
	ctx, cancel := context.WithTimeout(u.ctx, 3*patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf("document.body.innerText.includes(%q)", in)))
	require.NoError(u.t, err, "the page does not show %q, but %q", in, u.all())
	require.Equal(u.t, want, strings.Contains(u.all(), text))
}
