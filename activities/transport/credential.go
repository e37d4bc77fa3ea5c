package transport

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/perdure-dev/perdure"
)

// Credential puts on a request what a service authenticates with. It is safe for
// concurrent use. An error is a *perdure.CredentialError and never holds the secret.
type Credential interface {
	Apply(ctx context.Context, r *http.Request) error
	// Refresh forgets what may have become old, after a 401 or 403, and reports
	// whether another credential will now be sent than Apply put on with this ctx.
	Refresh(ctx context.Context) (changed bool)
	// SecretHeaders are the names of the headers that Apply sets.
	SecretHeaders() []string
}

// Secret is a secret's source: an environment variable or a file, which is read
// again when it changes.
type Secret struct {
	Env  string
	File string
}

// Source names the source.
func (s Secret) Source() string {
	if s.File != "" {
		return "file " + s.File
	}
	return "environment variable " + s.Env
}

// Bearer sends "Authorization: Bearer SECRET".
func Bearer(service string, s Secret) Credential {
	return &static{source: source{service: service, secret: s}, header: "Authorization", prefix: "Bearer "}
}

// APIKey sends the secret in a header or, where header is "", in a query parameter.
func APIKey(service string, s Secret, header, query string) Credential {
	return &static{source: source{service: service, secret: s}, header: header, query: query}
}

type static struct {
	source
	header, prefix, query string
}

// Apply puts the secret into the header or the query.
func (c *static) Apply(ctx context.Context, r *http.Request) error {
	value, err := c.read()
	if err != nil {
		return err
	}
	if last, ok := ctx.Value(sentKey{}).(*string); ok {
		*last = value
	}
	if c.header != "" {
		r.Header.Set(c.header, c.prefix+value)
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

// sentKey is the context's key for the secret that one request was sent with:
// another request may have refreshed the credential in the meantime.
type sentKey struct{}

func rememberSent(ctx context.Context) context.Context {
	return context.WithValue(ctx, sentKey{}, new(string))
}

// Refresh reads the secret anew.
func (c *static) Refresh(ctx context.Context) bool {
	before, after, err := c.reread()
	if last, ok := ctx.Value(sentKey{}).(*string); ok {
		before = *last
	}
	return err == nil && after != before
}

// SecretHeaders is the header, where the secret goes into one.
func (c *static) SecretHeaders() []string {
	if c.header == "" {
		return nil
	}
	return []string{c.header}
}

// source reads a secret, a file again whenever its time or size has changed.
type source struct {
	service string
	secret  Secret

	mu    sync.Mutex
	value string
	stamp fileStamp
}

type fileStamp struct {
	mtime int64
	size  int64
}

func (s *source) read() (string, error) {
	if s.secret.File == "" {
		return s.checked(os.Getenv(s.secret.Env))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.secret.File)
	if err != nil {
		return "", s.failed("cannot be read")
	}
	stamp := fileStamp{info.ModTime().UnixNano(), info.Size()}
	if s.value == "" || stamp != s.stamp {
		content, err := os.ReadFile(s.secret.File)
		if err != nil {
			return "", s.failed("cannot be read")
		}
		s.value, s.stamp = strings.TrimSpace(string(content)), stamp
	}
	return s.checked(s.value)
}

// reread reads the secret anew, whatever the file's time and size.
func (s *source) reread() (before, after string, err error) {
	s.mu.Lock()
	before, s.value = s.value, ""
	s.mu.Unlock()
	after, err = s.read()
	return before, after, err
}

func (s *source) checked(value string) (string, error) {
	switch {
	case value == "":
		return "", s.failed("is empty or not set")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", s.failed("has a control character")
	}
	return value, nil
}

func (s *source) failed(message string) error {
	return &perdure.CredentialError{Service: s.service, Source: s.secret.Source(), Message: message}
}
