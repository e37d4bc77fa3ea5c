package auth

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// Bearer sends "Authorization: Bearer SECRET".
func Bearer(service string, s Secret) Credential {
	return &static{source: source{service: service, secret: s}, header: "Authorization", form: func(secret string) string { return "Bearer " + secret }}
}

// Basic sends "Authorization: Basic" with a user's name and the secret as the
// password. Without a name, the secret is both, with a colon between.
func Basic(service, username string, s Secret) Credential {
	c := &static{source: source{service: service, secret: s}, header: "Authorization"}
	c.form = func(secret string) string {
		if username != "" {
			secret = username + ":" + secret
		}
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(secret))
	}
	if username == "" {
		c.want = func(secret string) string {
			if !strings.Contains(secret, ":") {
				return "has no colon, want USER:PASSWORD"
			}
			return ""
		}
	}
	return c
}

// APIKey sends the secret in a header or, where header is "", in a query parameter.
func APIKey(service string, s Secret, header, query string) Credential {
	return &static{source: source{service: service, secret: s}, header: header, query: query, form: func(secret string) string { return secret }}
}

// static is a secret that is sent as it is.
type static struct {
	source
	header, query string
	form          func(secret string) string
	want          func(secret string) (problem string) // nil: any
}

// Apply puts the secret into the header or the query.
func (c *static) Apply(_ context.Context, r *http.Request) error {
	value, err := c.read()
	if err != nil {
		return err
	}
	if c.want != nil {
		if problem := c.want(value); problem != "" {
			return c.failed(problem)
		}
	}
	if c.header != "" {
		r.Header.Set(c.header, c.form(value))
		return nil
	}
	r.URL.RawQuery = SetInQuery(r.URL.RawQuery, c.query, value)
	return nil
}

// SetInQuery replaces one parameter and leaves all else byte for byte as it is: a
// link's query may be signed, or not be of the form that url.Values would read.
func SetInQuery(query, name, value string) string {
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(key); part != "" && (err != nil || plain != name) {
			parts = append(parts, part)
		}
	}
	return strings.Join(append(parts, url.QueryEscape(name)+"="+url.QueryEscape(value)), "&")
}

// Refresh reads the secret anew.
func (c *static) Refresh(_ context.Context, refused *http.Request) (bool, error) {
	value, err := c.reread()
	if err != nil {
		return false, err
	}
	if c.header != "" {
		return refused.Header.Get(c.header) != c.form(value), nil
	}
	return SetInQuery(refused.URL.RawQuery, c.query, value) != refused.URL.RawQuery, nil
}

// SecretHeaders is the header, where the secret goes into one.
func (c *static) SecretHeaders() []string {
	if c.header == "" {
		return nil
	}
	return []string{c.header}
}

// SecretParameters is the query's, where the secret goes into that.
func (c *static) SecretParameters() []string {
	if c.query == "" {
		return nil
	}
	return []string{c.query}
}
