package webapp_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
	"golang.org/x/net/html"

	"github.com/perdure-dev/perdure/examples/webapp"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// fake is the service through Perdure, in memory, with tokens that are really sealed.
type fake struct {
	t    *testing.T
	keys *tokens.Keyset
	// pages of the list; each has one item, of the text, or its number where there is none.
	pages int
	text  string
	// padding makes a page's token so many bytes longer.
	padding int
	// build is how every operation goes.
	build webapp.Build
	// err is what every answer is; linger: none comes before the context ends.
	err    error
	linger bool

	mu      sync.Mutex
	asked   []string // what was asked for: "ada page 2", "ada start NAME", "ada look"
	started map[string]string
}

func newFake(t *testing.T) *fake {
	t.Helper()
	keys, err := tokens.NewKeyset()
	require.NoError(t, err)
	return &fake{t: t, keys: keys, pages: 5, started: map[string]string{}}
}

func (f *fake) Page(ctx context.Context, user webapp.User, token tokens.Token) (*starter.Page[webapp.Item], error) {
	index := 0
	if !token.IsZero() {
		opened, err := f.keys.Open(token, tokens.Expect{Kind: tokens.KindPage, Audience: user.ID})
		if err != nil {
			return nil, err
		}
		_, err = fmt.Sscan(string(opened.State), &index)
		require.NoError(f.t, err)
	}
	if err := f.ask(ctx, "%s page %d", user.ID, index+1); err != nil {
		return nil, err
	}
	page := &starter.Page[webapp.Item]{PageToken: f.seal(tokens.KindPage, user, index), Last: index == f.pages-1}
	if !page.Last {
		page.NextPageToken = f.seal(tokens.KindPage, user, index+1)
	}
	page.Values = []webapp.Item{{ID: fmt.Sprintf("item_%d", index), Number: index, Text: f.text}}
	return page, nil
}

func (f *fake) Start(ctx context.Context, user webapp.User, form, name string) (tokens.Token, error) {
	if err := f.ask(ctx, "%s start %s", user.ID, name); err != nil {
		return tokens.Token{}, err
	}
	f.mu.Lock()
	f.started[form] = name
	f.mu.Unlock()
	return f.seal(tokens.KindOperation, user, 0), nil
}

func (f *fake) Look(ctx context.Context, user webapp.User, token tokens.Token) (webapp.Build, error) {
	if _, err := f.keys.Open(token, tokens.Expect{Kind: tokens.KindOperation, Audience: user.ID}); err != nil {
		return webapp.Build{}, err
	}
	return f.build, f.ask(ctx, "%s look", user.ID)
}

func (f *fake) ask(ctx context.Context, format string, args ...any) error {
	f.mu.Lock()
	f.asked = append(f.asked, fmt.Sprintf(format, args...))
	f.mu.Unlock()
	if f.linger {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.err
}

func (f *fake) seal(kind tokens.Kind, user webapp.User, index int) tokens.Token {
	state := fmt.Sprint(index, strings.Repeat(" ", f.padding))
	token, err := f.keys.Seal(tokens.Header{Kind: kind, Audience: user.ID, IssuedAt: time.Now()}, []byte(state))
	require.NoError(f.t, err)
	return token
}

func newSessionKeys(t *testing.T) tink.AEAD {
	t.Helper()
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	require.NoError(t, err)
	keys, err := aead.New(handle)
	require.NoError(t, err)
	return keys
}

// instance serves one instance of the application.
func instance(t *testing.T, o webapp.Options) *httptest.Server {
	t.Helper()
	if o.Answers == nil {
		o.Answers = newFakeAnswers()
	}
	if o.Sessions == nil {
		o.Sessions = newSessionKeys(t)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	handler, err := webapp.New(o)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// serve serves the fake.
func (f *fake) serve() *httptest.Server {
	return instance(f.t, webapp.Options{Items: f, Indexes: f})
}

// browser keeps cookies and follows redirects.
type browser struct {
	t      *testing.T
	client *http.Client
	// at is the scheme and host that it asks, whatever instance that is.
	at string
}

// page is what a browser was answered.
type page struct {
	status int
	// address is where it is, after redirects: path and query.
	address string
	header  http.Header
	body    string
}

func newBrowser(t *testing.T, at *httptest.Server) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, client: &http.Client{Jar: jar}, at: at.URL}
}

// signedIn is a browser in which a user has signed in.
func signedIn(t *testing.T, at *httptest.Server, user string) *browser {
	t.Helper()
	b := newBrowser(t, at)
	require.Equal(t, http.StatusOK, b.post("/sign-in", url.Values{"user": {user}, "then": {"/indexes/new"}}).status)
	return b
}

func (b *browser) get(address string) page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.at+address, nil)
	require.NoError(b.t, err)
	return b.do(r)
}

func (b *browser) post(address string, form url.Values) page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.at+address, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (b *browser) do(r *http.Request) page {
	b.t.Helper()
	response, err := b.client.Do(r)
	require.NoError(b.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return page{response.StatusCode, response.Request.URL.RequestURI(), response.Header, string(body)}
}

// node is the element of an id; nil: there is none.
func (p page) node(id string) *html.Node {
	root, err := html.Parse(strings.NewReader(p.body))
	if err != nil {
		return nil
	}
	for n := range root.Descendants() {
		if attribute(n, "id") == id {
			return n
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// link is the address of the link of an id; "": there is none.
func (p page) link(id string) string { return attribute(p.node(id), "href") }

// text is the text of the element of an id.
func (p page) text(id string) string {
	var out bytes.Buffer
	if n := p.node(id); n != nil {
		for child := range n.Descendants() {
			if child.Type == html.TextNode {
				out.WriteString(child.Data)
			}
		}
	}
	return strings.TrimSpace(out.String())
}
