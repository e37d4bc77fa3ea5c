package codecserver_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/internal/codecserver"
)

const audience = "temporal-ui"

// issuer is an OpenID Connect issuer with one key at a time.
type issuer struct {
	t    testing.TB
	URL  string
	down atomic.Bool
	asks atomic.Int32 // for keys

	mu     sync.Mutex
	key    crypto.Signer
	keyID  string
	alg    string
	server oidctest.Server
}

func newIssuer(tb testing.TB) *issuer {
	tb.Helper()
	i := &issuer{t: tb}
	s := httptest.NewServer(i)
	tb.Cleanup(s.Close)
	i.URL = s.URL
	i.server.SetIssuer(s.URL)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(tb, err)
	i.rotate(key, "first", oidc.RS256)
	return i
}

// rotate signs with the key from now on, and forgets the one before.
func (i *issuer) rotate(key crypto.Signer, id, alg string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.key, i.keyID, i.alg = key, id, alg
	i.server.PublicKeys = []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: id, Algorithm: alg}}
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i.down.Load() {
		http.Error(w, "maintenance", http.StatusServiceUnavailable)
		return
	}
	if r.URL.Path == "/keys" {
		i.asks.Add(1)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.server.ServeHTTP(w, r)
}

// claims are those of a good token, with changes; nil takes a claim out.
func (i *issuer) claims(changes map[string]any) string {
	all := map[string]any{"iss": i.URL, "aud": audience, "sub": "alice", "exp": time.Now().Add(time.Hour).Unix(), "groups": []string{"staff", "operators"}}
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(all)
	require.NoError(i.t, err)
	return string(text)
}

func (i *issuer) token(changes map[string]any) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return oidctest.SignIDToken(i.key, i.keyID, i.alg, i.claims(changes))
}

func (i *issuer) guard(allow ...string) codecserver.Guard {
	i.t.Helper()
	c, err := codecserver.NewOpenIDConnect(codecserver.OpenIDConnectOptions{Issuer: i.URL, Audience: audience, Allow: allow})
	require.NoError(i.t, err)
	return c.Guard
}

// asked is how a server with these guards answers the web UI.
func asked(t *testing.T, headers map[string]string, guards ...codecserver.Guard) (status int, log string) {
	t.Helper()
	var logged bytes.Buffer
	s, err := codecserver.New(codecserver.Options{
		Payloads: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		Guards:   guards, Origins: []string{ui}, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
	})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/decode?preserveStorageRefs=true", strings.NewReader("{}"))
	r.Header.Set("Origin", ui)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	for _, value := range headers {
		require.NotContains(t, logged.String()+w.Body.String(), value)
	}
	require.Equal(t, w.Code == http.StatusOK, logged.Len() == 0, "what is refused is logged")
	return w.Code, logged.String()
}

func bearing(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token}
}

func TestUsersOfAnIssuer(t *testing.T) {
	i, other := newIssuer(t), newIssuer(t)
	other.URL = i.URL // claims to be it, and signs with a key of its own
	unsigned := func(header, claims string) string {
		encode := base64.RawURLEncoding.EncodeToString
		return encode([]byte(header)) + "." + encode([]byte(claims))
	}
	public, err := x509.MarshalPKIXPublicKey(i.key.Public())
	require.NoError(t, err)
	symmetric := unsigned(`{"alg":"HS256","kid":"first"}`, i.claims(nil))
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(symmetric))
	good := i.token(nil)
	tampered := strings.Split(good, ".")
	tampered[1] = base64.RawURLEncoding.EncodeToString([]byte(i.claims(map[string]any{"sub": "eve"})))

	tests := []struct {
		name, token string
		want        int
		log         string
	}{
		{"a good one", good, 200, ""},
		{"for several", i.token(map[string]any{"aud": []string{"another", audience}}), 200, ""},
		{"for another", i.token(map[string]any{"aud": "another"}), 401, "expected audience"},
		{"for nobody", i.token(map[string]any{"aud": nil}), 401, "expected audience"},
		{"of another issuer", i.token(map[string]any{"iss": "https://evil.example.com"}), 401, "issued by a different provider"},
		{"of an issuer that begins alike", i.token(map[string]any{"iss": i.URL + "/"}), 401, "issued by a different provider"},
		{"expired", i.token(map[string]any{"exp": time.Now().Add(-time.Second).Unix()}), 401, "expired"},
		{"that never expires", i.token(map[string]any{"exp": nil}), 401, "expired"},
		{"not valid yet", i.token(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}), 401, "not before"},
		{"of nobody allowed", i.token(map[string]any{"groups": []string{"staff"}}), 403, "alice"},
		{"signed by another", other.token(nil), 401, "signature"},
		{"signed with a key that nobody has", oidctest.SignIDToken(i.key, "unknown", oidc.RS256, i.claims(nil)), 401, "signature"},
		{"tampered with", strings.Join(tampered, "."), 401, "signature"},
		{"signed by nobody", unsigned(`{"alg":"none"}`, i.claims(nil)) + ".", 401, "malformed jwt"},
		{"signed with the public key", symmetric + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), 401, "malformed jwt"},
		{"that is none", "a.b.c", 401, "malformed jwt"},
		{"opaque", "opaque", 401, ""},
	}
	guard := i.guard("groups=operators", "sub=bob")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, log := asked(t, bearing(tt.token), guard)
			require.Equal(t, tt.want, status, log)
			require.Contains(t, log, tt.log)
		})
	}
}

// TestRequestsOfTheWebUI: what ui-server v2.55.0 sends (chunk CSjjsQNi.js of its bundle):
// POST ENDPOINT/decode?preserveStorageRefs=true with these headers, of which the browser
// asks for leave first, to an endpoint that begins with https:// and no other.
func TestRequestsOfTheWebUI(t *testing.T) {
	i := newIssuer(t)
	guard := i.guard("groups=operators")
	elsewhere := i.token(map[string]any{"aud": "https://graph.example.com"})
	tests := []struct {
		name, access, id string
		want             int
	}{
		{"an access token for this audience", i.token(nil), "", 200},
		{"an opaque access token, and an ID token", "opaque", i.token(nil), 200},
		{"an access token for another API, and an ID token", elsewhere, i.token(nil), 200},
		{"neither is for this audience", elsewhere, elsewhere, 401},
		{"only the access token's claims are allowed", i.token(nil), i.token(map[string]any{"groups": nil}), 200},
		{"neither's claims are allowed", elsewhere, i.token(map[string]any{"groups": nil}), 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			headers := map[string]string{"Authorization": "Bearer " + tt.access, "X-Namespace": "default"}
			if tt.id != "" {
				headers["Authorization-Extras"] = tt.id
			}
			status, log := asked(t, headers, guard)
			require.Equal(t, tt.want, status, log)
		})
	}
	t.Run("preflight", func(t *testing.T) {
		s, err := codecserver.New(codecserver.Options{Guards: []codecserver.Guard{guard}, Origins: []string{ui}})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodOptions, "/decode?preserveStorageRefs=true", nil)
		r.Header.Set("Origin", ui)
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
		r.Header.Set("Access-Control-Request-Headers", "authorization,authorization-extras,content-type,x-namespace")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, http.StatusNoContent, w.Code)
		require.Equal(t, "true", w.Header().Get("Access-Control-Allow-Credentials"), "it may be set to include credentials")
		allowed := strings.Split(strings.ToLower(w.Header().Get("Access-Control-Allow-Headers")), ", ")
		require.ElementsMatch(t, strings.Split(r.Header.Get("Access-Control-Request-Headers"), ","), allowed)
	})
}

func TestBearerTokenAndUsersTogether(t *testing.T) {
	i := newIssuer(t)
	guards := []codecserver.Guard{codecserver.BearerToken(secret), i.guard("groups=operators")}
	for token, want := range map[string]int{"secret": 200, "wrong": 401, i.token(nil): 200, i.token(map[string]any{"groups": nil}): 403} {
		status, log := asked(t, bearing(token), guards...)
		require.Equal(t, want, status, log)
	}
	unreadable := codecserver.BearerToken(func() (string, error) { return "", errors.New("no file") })
	status, _ := asked(t, bearing(i.token(nil)), unreadable, guards[1])
	require.Equal(t, 200, status, "one suffices")
	status, log := asked(t, bearing("secret"), unreadable, guards[1])
	require.Equal(t, 503, status)
	require.Contains(t, log, "no file")
}

func TestClaims(t *testing.T) {
	i := newIssuer(t)
	tests := []struct {
		name   string
		claims map[string]any
		allow  string
		want   int
	}{
		{"everybody", map[string]any{"groups": nil}, "*", 200},
		{"a text", map[string]any{"department": "ops"}, "department=ops", 200},
		{"a part of a text", map[string]any{"department": "ops and more"}, "department=ops", 403},
		{"another case", map[string]any{"department": "Ops"}, "department=ops", 403},
		{"one of a list", nil, "groups=staff", 200},
		{"none of a list", nil, "groups=sta", 403},
		{"a list as a text", nil, `groups=["staff","operators"]`, 403},
		{"an empty list", map[string]any{"groups": []string{}}, "groups=staff", 403},
		{"null", map[string]any{"groups": json.RawMessage("null")}, "groups=null", 403},
		{"a truth", map[string]any{"admin": true}, "admin=true", 200},
		{"a number", map[string]any{"org": 12345678901}, "org=12345678901", 200},
		{"a scope of several", map[string]any{"scope": "openid payloads:read"}, "scope=payloads:read", 200},
		{"a part of a scope", map[string]any{"scope": "openid payloads:read"}, "scope=payloads", 403},
		{"a name with an equals sign", map[string]any{"dn": "cn=alice"}, "dn=cn=alice", 200},
		{"an address that is verified", map[string]any{"email": "a@example.com", "email_verified": true}, "email=a@example.com", 200},
		{"an address that is verified, as Cognito says it", map[string]any{"email": "a@example.com", "email_verified": "true"}, "email=a@example.com", 200},
		{"an address that is not verified", map[string]any{"email": "a@example.com", "email_verified": false}, "email=a@example.com", 403},
		{"an address of which nothing is said", map[string]any{"email": "a@example.com"}, "email=a@example.com", 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, log := asked(t, bearing(i.token(tt.claims)), i.guard(tt.allow))
			require.Equal(t, tt.want, status, log)
		})
	}
}

func TestRotatedKeys(t *testing.T) {
	i := newIssuer(t)
	guard := i.guard("*")
	old := i.token(nil)
	status, log := asked(t, bearing(old), guard)
	require.Equal(t, 200, status, log)

	elliptic256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	i.rotate(elliptic256, "second", oidc.ES256)
	taken(t, i, guard)
	for range 3 {
		status, log = asked(t, bearing(i.token(nil)), guard)
		require.Equal(t, 200, status, log)
	}
	require.EqualValues(t, 2, i.asks.Load(), "keys are kept")
	status, _ = asked(t, bearing(old), guard)
	require.Equal(t, 401, status, "its key is gone")
	i.rotate(edwards, "third", oidc.EdDSA)
	taken(t, i, guard)
}

// taken waits until the issuer's tokens are. Who asks just as a question for the keys is
// answered shares that answer, and has to ask once more.
func taken(t *testing.T, i *issuer, guard codecserver.Guard) {
	t.Helper()
	require.Eventually(t, func() bool {
		status, _ := asked(t, bearing(i.token(nil)), guard)
		return status == http.StatusOK
	}, time.Minute, time.Millisecond)
}

// TestIssuerThatIsAway: it need not be there at the start, nor stay.
func TestIssuerThatIsAway(t *testing.T) {
	i := newIssuer(t)
	guard := i.guard("*")
	i.down.Store(true)
	status, log := asked(t, bearing(i.token(nil)), guard)
	require.Equal(t, 503, status)
	require.Contains(t, log, "issuer "+i.URL)
	i.down.Store(false)
	taken(t, i, guard)

	i.down.Store(true)
	status, log = asked(t, bearing(i.token(nil)), guard)
	require.Equal(t, 200, status, log, "its keys are known")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i.rotate(key, "second", oidc.RS256)
	status, log = asked(t, bearing(i.token(nil)), guard)
	require.Equal(t, 503, status, log)
	i.down.Store(false)
	taken(t, i, guard)
}

func TestDiscoveryIsNotBelieved(t *testing.T) {
	tests := map[string]struct{ document, want string }{
		"of another issuer":       {`{"issuer":"https://evil.example.com","jwks_uri":"https://evil.example.com/keys"}`, "did not match"},
		"keys over http":          {`{"issuer":"ISSUER","jwks_uri":"http://evil.example.com/keys"}`, "want a URL with https"},
		"no keys":                 {`{"issuer":"ISSUER"}`, "want a URL with https"},
		"not a document of these": {`[]`, "failed to decode"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var s *httptest.Server
			s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(strings.ReplaceAll(tt.document, "ISSUER", s.URL)))
			}))
			t.Cleanup(s.Close)
			c, err := codecserver.NewOpenIDConnect(codecserver.OpenIDConnectOptions{Issuer: s.URL, Audience: audience, Allow: []string{"*"}})
			require.NoError(t, err)
			require.ErrorContains(t, c.Discover(t.Context()), tt.want)
		})
	}
	t.Run("a redirect", func(t *testing.T) {
		i := newIssuer(t)
		s := httptest.NewServer(http.RedirectHandler(i.URL+"/.well-known/openid-configuration", http.StatusFound))
		t.Cleanup(s.Close)
		c, err := codecserver.NewOpenIDConnect(codecserver.OpenIDConnectOptions{Issuer: s.URL, Audience: audience, Allow: []string{"*"}})
		require.NoError(t, err)
		require.ErrorContains(t, c.Discover(t.Context()), "302")
	})
}

func TestOptionsOfAnIssuer(t *testing.T) {
	good := codecserver.OpenIDConnectOptions{Issuer: "https://login.example.com", Audience: audience, Allow: []string{"groups=operators"}}
	_, err := codecserver.NewOpenIDConnect(good)
	require.NoError(t, err)
	for _, address := range []string{"", "login.example.com", "http://login.example.com", "https://user@login.example.com", "ftp://login.example.com", "http://127.0.0.1.example.com", "http://" + net.JoinHostPort("10.0.0.1", "80")} {
		o := good
		o.Issuer = address
		_, err = codecserver.NewOpenIDConnect(o)
		require.ErrorContains(t, err, "want a URL with https", address)
	}
	o := good
	o.Audience = ""
	_, err = codecserver.NewOpenIDConnect(o)
	require.ErrorContains(t, err, "audience: is empty")
	for _, allow := range [][]string{nil, {""}, {"groups"}, {"groups="}, {"=operators"}, {"*", "groups=operators"}} {
		o := good
		o.Allow = allow
		_, err = codecserver.NewOpenIDConnect(o)
		require.ErrorContains(t, err, "CLAIM=VALUE", allow)
	}
}
