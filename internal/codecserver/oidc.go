package codecserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// OpenIDConnectOptions say whose tokens are let in. All are required.
type OpenIDConnectOptions struct {
	// Issuer is the URL that tokens name, to the letter. It is https, or http on this machine.
	Issuer string
	// Audience is whom tokens have to be for: of access tokens an API, of ID tokens the
	// client id of the web UI.
	Audience string
	// Allow is of the form "claim=value", such as "groups=operators": a token needs one of
	// them. "*" allows every token of this issuer and audience.
	Allow []string
}

// OpenIDConnect lets in users of an OpenID Connect issuer, the one at which they log in to
// the web UI. Safe for concurrent use.
type OpenIDConnect struct {
	o       OpenIDConnectOptions
	allowed []permission // empty: all
	client  *http.Client

	mu       sync.Mutex
	keys     oidc.KeySet // nil: not discovered yet
	failure  error       // of the last discovery
	failedAt time.Time
}

const (
	// issuerTimeout bounds one request to the issuer.
	issuerTimeout = 10 * time.Second
	// discoveryPause keeps requests from asking an issuer that does not answer one by one.
	discoveryPause = time.Second
)

// extrasHeader has the user's ID token in the web UI's requests, beside the access token in
// Authorization: https://github.com/temporalio/ui/pull/2250. Issuers whose access tokens
// are not JWTs, or are for themselves alone, leave only that to be verified.
const extrasHeader = "Authorization-Extras"

// algorithms are those whose verification takes no secret.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
	oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

// NewOpenIDConnect asks nobody yet.
func NewOpenIDConnect(o OpenIDConnectOptions) (*OpenIDConnect, error) {
	if err := checkSecure(o.Issuer); err != nil {
		return nil, fmt.Errorf("issuer %w", err)
	}
	if o.Audience == "" {
		return nil, errors.New("audience: is empty, want whom tokens have to be for")
	}
	allowed, err := parsePermissions(o.Allow)
	if err != nil {
		return nil, err
	}
	return &OpenIDConnect{o: o, allowed: allowed, client: &http.Client{
		Timeout:       issuerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// checkSecure wants keys to come from whom they are said to come from.
func checkSecure(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())) {
		return fmt.Errorf("%q: want a URL with https, or http://localhost", address)
	}
	return nil
}

func onThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Guard lets in requests with an access token or an ID token that the issuer has signed, for
// the audience, within its time, and with one of the claims allowed.
func (c *OpenIDConnect) Guard(r *http.Request) error {
	tokens := slices.DeleteFunc([]string{bearer(r), r.Header.Get(extrasHeader)}, func(token string) bool {
		return strings.Count(token, ".") != 2 // not a JWT
	})
	return oneOf(tokens, func(token string) error { return c.admit(r.Context(), token) })
}

func (c *OpenIDConnect) admit(ctx context.Context, token string) error {
	remote, err := c.discover(ctx)
	if err != nil {
		return err
	}
	keys := &watchedKeys{KeySet: remote}
	verifier := oidc.NewVerifier(c.o.Issuer, keys, &oidc.Config{ClientID: c.o.Audience, SupportedSigningAlgs: algorithms})
	verified, err := verifier.Verify(ctx, token)
	if keys.failure != nil {
		return fmt.Errorf("issuer %s: %w", c.o.Issuer, keys.failure)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	var claims claims
	if err := verified.Claims(&claims); err != nil {
		return fmt.Errorf("%w: %w", ErrUnauthenticated, err)
	}
	if !claims.permitted(c.allowed) {
		return fmt.Errorf("%w: subject %q", ErrForbidden, verified.Subject)
	}
	return nil
}

// Discover asks the issuer for its configuration, which Guard does too, until it is there.
func (c *OpenIDConnect) Discover(ctx context.Context) error {
	_, err := c.discover(ctx)
	return err
}

func (c *OpenIDConnect) discover(ctx context.Context) (oidc.KeySet, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil && time.Since(c.failedAt) >= discoveryPause {
		// Others wait for the answer too: it is not given up when the first caller is gone.
		c.keys, c.failure = c.remoteKeys(oidc.ClientContext(context.WithoutCancel(ctx), c.client))
		c.failedAt = time.Now()
	}
	if c.keys == nil {
		return nil, fmt.Errorf("issuer %s: %w", c.o.Issuer, c.failure)
	}
	return c.keys, nil
}

// remoteKeys are the issuer's, which are read again when a token names one that is not
// among them.
func (c *OpenIDConnect) remoteKeys(ctx context.Context) (oidc.KeySet, error) {
	provider, err := oidc.NewProvider(ctx, c.o.Issuer)
	if err != nil {
		return nil, err
	}
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil {
		return nil, err
	}
	if err := checkSecure(document.Keys); err != nil {
		return nil, fmt.Errorf("jwks_uri %w", err)
	}
	return oidc.NewRemoteKeySet(ctx, document.Keys), nil
}

// watchedKeys remembers that keys could not be had, which the verifier's error does not
// tell from a signature that is wrong.
type watchedKeys struct {
	oidc.KeySet
	failure error
}

// VerifySignature goes by the errors of RemoteKeySet: those of its requests wrap another,
// and that of a wrong signature none.
func (k *watchedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	if errors.Unwrap(err) != nil {
		k.failure = err
	}
	return payload, err
}
