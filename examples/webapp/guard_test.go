package webapp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/perdure-dev/perdure/examples/webapp"
)

func TestWhatBrowsersAreToHoldTo(t *testing.T) {
	b := signedIn(t, newFake(t).serve(), "ada")
	for _, address := range []string{"/items", "/sign-in", "/indexes/new", "/chat", "/nowhere"} {
		h := b.get(address).header
		policy := h.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "same-origin", h.Get("Referrer-Policy"))
		require.Equal(t, "no-store", h.Get("Cache-Control"))
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	}
}

// The policy allows no script and no style in a page, so there is none.
func TestPagesHoldToThePolicy(t *testing.T) {
	f := newFake(t)
	b := signedIn(t, f.serve(), "ada")
	form := b.get("/indexes/new")
	for _, p := range []page{b.get("/items"), form, b.post("/indexes", fill(form, "x")), b.get("/sign-in"), ask(b), b.get("/nowhere")} {
		root, err := html.Parse(strings.NewReader(p.body))
		require.NoError(t, err)
		for n := range root.Descendants() {
			require.Empty(t, attribute(n, "style"))
			require.Empty(t, attribute(n, "onclick"))
			require.NotEqual(t, "style", n.Data)
			if n.Data == "script" && n.Type == html.ElementNode {
				require.NotEmpty(t, attribute(n, "src"))
			}
		}
	}
}

func TestAnotherSitesFormIsRefused(t *testing.T) {
	f := newFake(t)
	b := signedIn(t, f.serve(), "ada")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.at+"/indexes", strings.NewReader(url.Values{"name": {"x"}}.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	p := b.do(r)
	require.Equal(t, http.StatusForbidden, p.status)
	require.Contains(t, p.body, "This came from another site")
	require.Empty(t, f.asked)
}

func TestStaticFilesAreKeptUntilTheyChange(t *testing.T) {
	b := newBrowser(t, newFake(t).serve())
	_, rest, _ := strings.Cut(b.get("/sign-in").body, `rel="stylesheet" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	p := b.get(address)
	require.Equal(t, http.StatusOK, p.status)
	require.Contains(t, p.header.Get("Content-Type"), "text/css")
	require.Contains(t, p.header.Get("Cache-Control"), "immutable")

	older := b.get("/static/0000/style.css")
	require.Equal(t, p.body, older.body)
	require.Equal(t, "no-store", older.header.Get("Cache-Control"))
	for _, address := range []string{"/static/0000/none.css", "/static/0000/", "/static/0000/..%2ftemplates%2flayout.html"} {
		require.NotEqual(t, http.StatusOK, b.get(address).status, address)
	}
}

func TestHealth(t *testing.T) {
	require.Equal(t, http.StatusNoContent, newBrowser(t, newFake(t).serve()).get("/healthz").status)
}

func TestOptionsAreRequired(t *testing.T) {
	_, err := webapp.New(webapp.Options{})
	require.ErrorContains(t, err, "required")
}
