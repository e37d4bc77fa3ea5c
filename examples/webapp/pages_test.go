package webapp_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/webapp"
)

// Two instances have the same keys and nothing else in common; each request goes to the
// other one.
func TestForthAndBackByAddressesAlone(t *testing.T) {
	f, keys := newFake(t), newSessionKeys(t)
	one := instance(t, webapp.Options{Items: f, Indexes: f, Sessions: keys})
	two := instance(t, webapp.Options{Items: f, Indexes: f, Sessions: keys})
	b := signedIn(t, one, "ada")
	turn := 0
	get := func(address string) page {
		b.at = []string{one.URL, two.URL}[turn%2]
		turn++
		p := b.get(address)
		require.Equal(t, http.StatusOK, p.status, p.body)
		return p
	}
	var forth []page
	p := get("/items")
	for ; p.link("next") != ""; p = get(p.link("next")) {
		forth = append(forth, p)
	}
	require.Contains(t, p.body, "item_4")
	require.Contains(t, p.body, "This is the last page.")
	require.Equal(t, "5", p.text("number"))
	for i, before := range slices.Backward(forth) {
		p = get(p.link("previous"))
		require.Contains(t, p.body, "item_"+strconv.Itoa(i))
		require.Equal(t, before.text("number"), p.text("number"))
	}
	require.Empty(t, p.link("previous"), "this is the first page")
	require.Equal(t, "/items", get(forth[3].link("first")).address)

	again := get(forth[2].address)
	require.Contains(t, again.body, "item_2", "a reload")
}

func TestAnothersPageIsRefused(t *testing.T) {
	f := newFake(t)
	server := f.serve()
	address := signedIn(t, server, "ada").get("/items").link("next")

	p := signedIn(t, server, "grace").get(address)
	require.Equal(t, http.StatusForbidden, p.status)
	require.Contains(t, p.body, "somebody else’s")
	require.Contains(t, p.body, "You are signed in as Grace.")
	require.NotContains(t, p.body, "item_")
	require.Equal(t, []string{"ada page 1"}, f.asked, "the service was not asked")
}

func TestTheWayBackIsNoLongerThanAnAddressMayBe(t *testing.T) {
	f := newFake(t)
	f.pages, f.padding = 12, 1000
	b := signedIn(t, f.serve(), "ada")
	p := b.get("/items")
	for p.link("next") != "" {
		p = b.get(p.link("next"))
		require.LessOrEqual(t, len(p.address), 7<<10)
	}
	require.Equal(t, "12", p.text("number"))
	steps := 0
	for p.link("previous") != "" {
		p = b.get(p.link("previous"))
		steps++
	}
	require.Equal(t, 3, steps, "three tokens fit")
	require.Equal(t, "9", p.text("number"))
	require.Contains(t, p.body, "item_8")
	require.Equal(t, "/items", p.link("first"), "from there it begins again")
}

// Who makes the way back longer by hand does not get it.
func TestTheWayBackIsCutWhereItComesFrom(t *testing.T) {
	f := newFake(t)
	b := signedIn(t, f.serve(), "ada")
	address := mustParse(t, b.get("/items").link("next"))
	query := address.Query()
	for range 50 {
		query.Add("back", query.Get("page"))
	}
	p := b.get("/items?" + query.Encode())
	require.Equal(t, http.StatusOK, p.status)
	require.LessOrEqual(t, len(p.link("previous")), 7<<10)
	require.Greater(t, len(p.link("previous")), 6<<10)
}

func TestAPageThatTheAddressNamesWrongly(t *testing.T) {
	f := newFake(t)
	b := signedIn(t, f.serve(), "ada")
	good := mustParse(t, b.get("/items").link("next")).Query()
	operation := mustParse(t, b.post("/indexes", url.Values{"form": {strings.Repeat("A", 26)}, "name": {"x"}}).address).Query().Get("build")
	tests := []struct {
		name    string
		address string
		status  int
		title   string
	}{
		{"cut short", "/items?page=" + good.Get("page")[:60], 400, "damaged"},
		{"no token", "/items?page=", 400, "damaged"},
		{"markup", "/items?page=%3Cscript%3E", 400, "damaged"},
		{"an operation's", "/items?page=" + operation, 400, "damaged"},
		{"a way back that is none", "/items?" + good.Encode() + "&back=x", 400, "damaged"},
		{"a number that is none", "/items?page=" + good.Get("page") + "&number=-3", 200, "Items"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := b.get(tt.address)
			require.Equal(t, tt.status, p.status)
			require.Contains(t, p.body, tt.title)
			require.NotContains(t, p.body, "<script>")
			require.NotContains(t, p.body, "perdure1_"+good.Get("page")[9:60]+"<", "no token is quoted")
		})
	}
}

func TestWhatTheServiceSaysIsEscaped(t *testing.T) {
	f := newFake(t)
	f.text = `<script>alert("x")</script>`
	p := signedIn(t, f.serve(), "ada").get("/items")
	require.NotContains(t, p.body, "<script>")
	require.Contains(t, p.body, "&lt;script&gt;alert")
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}
