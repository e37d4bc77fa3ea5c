package auth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/perdure-dev/perdure/activities/auth/internal/issuer"
)

// OAuth2Options of a client of OAuth 2.0.
type OAuth2Options struct {
	// Service is the service's name in the configuration, for errors.
	Service string
	// Client asks for the tokens. Required.
	Client *http.Client
	// TokenURL, ClientID and Secret of the client. Required.
	TokenURL string
	ClientID string
	Secret   Secret
	// SecretInBody sends the client's id and secret as form fields. Default: as Basic
	// authentication, which every issuer has to take (RFC 6749, 2.3.1).
	SecretInBody bool
	// Scopes that are asked for. Default: the issuer's.
	Scopes []string
	// Audience that is asked for, where the issuer knows that parameter.
	Audience string
}

// OAuth2 sends the tokens of a client credentials grant (RFC 6749, 4.4). The secret is
// read anew for each token.
func OAuth2(o OAuth2Options) Credential {
	secret := &source{service: o.Service, secret: o.Secret}
	from := o.source()
	return Tokens(o.Service, from, func(ctx context.Context) (string, time.Time, error) {
		value, err := secret.read()
		if err != nil {
			return "", time.Time{}, err
		}
		talk := issuer.NewTalk(o.Client)
		token, err := o.config(value).Token(context.WithValue(ctx, oauth2.HTTPClient, talk.Client()))
		if err != nil {
			return "", time.Time{}, talk.Failure(o.Service, from, err)
		}
		return token.AccessToken, token.Expiry, nil
	})
}

// source is the endpoint without its query, which may hold anything.
func (o OAuth2Options) source() string {
	endpoint, _, _ := strings.Cut(o.TokenURL, "?")
	return "token endpoint " + endpoint
}

func (o OAuth2Options) config(secret string) *clientcredentials.Config {
	c := &clientcredentials.Config{
		ClientID: o.ClientID, ClientSecret: secret, TokenURL: o.TokenURL, Scopes: o.Scopes,
		AuthStyle: oauth2.AuthStyleInHeader, EndpointParams: url.Values{},
	}
	if o.SecretInBody {
		c.AuthStyle = oauth2.AuthStyleInParams
	}
	if o.Audience != "" {
		c.EndpointParams.Set("audience", o.Audience)
	}
	return c
}
