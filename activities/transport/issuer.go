package transport

import (
	"net/http"
	"net/url"
	"time"
)

// issuerTimeout of one request to an issuer of credentials.
const issuerTimeout = 20 * time.Second

// IssuerClient is a client for whoever issues the service's credentials: over its
// proxy, with its certificates, and without its rules of where a request may go, since
// nothing but the configuration and the platform says who that is. The platform's own
// addresses are asked directly.
func IssuerClient(c Config) (*http.Client, error) {
	proxy, err := parseProxy(c.Proxy)
	if err != nil {
		return nil, err
	}
	c.AllowPrivateNetwork, c.Proxy = true, ""
	rt, err := c.roundTripper(func(t *http.Transport) {
		t.ForceAttemptHTTP2 = true
		if proxy != nil {
			t.Proxy = func(r *http.Request) (*url.URL, error) {
				if isPublic := checkName(r.URL) == nil; isPublic {
					return proxy, nil
				}
				return nil, nil //nolint:nilnil // directly
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Transport: rt, Timeout: issuerTimeout,
		// No redirect is followed: what is sent is a secret, for no other address.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
