package activities_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

func byCaller(in *perdure.CollectionInput) { in.Type, in.Audience = "ListItems", "tenant-a" }

// pageToken is the task to fetch the page that a token names.
func pageToken(token string, change ...func(*perdure.CollectionInput)) perdure.PageTask {
	in := perdure.CollectionInput{Token: token, Type: "ListItems", Audience: "tenant-a"}
	for _, c := range change {
		c(&in)
	}
	return perdure.PageTask{Input: &in}
}

func headerOf(t *testing.T, token string) tokens.Header {
	t.Helper()
	parsed, err := tokens.Parse(token)
	require.NoError(t, err)
	h, err := parsed.Header()
	require.NoError(t, err)
	return h
}

func TestAStateIsAToken(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t,
		perduretest.GET("/items").WantHeader("X-Tenant", "a").JSON(200, firstItems),
		perduretest.GET("/items?page=2").WantHeader("X-Tenant", "a").JSON(200, lastItems).Times(2),
		perduretest.GET("/items").WantHeader("X-Tenant", "a").WantHeader("Prefer", "p").JSON(200, firstItems)))
	first := d.fetch(itemsTask(byCaller, headers(map[string][]string{"X-Tenant": {"a"}, "Prefer": {"p"}})))
	for _, text := range []string{first.Sealed, first.Next} {
		h := headerOf(t, text)
		require.WithinDuration(t, time.Now(), h.IssuedAt, time.Minute)
		h.IssuedAt = time.Time{}
		require.Equal(t, tokens.Header{
			Kind: tokens.KindPage, WorkflowID: workflowID, Namespace: h.Namespace, Service: "jobs", Protocol: "nextlink",
			Type: "ListItems", Audience: "tenant-a", KeyID: d.options.Keyset.PrimaryKeyID(),
		}, h)
	}
	second := d.fetch(pageToken(first.Next))
	require.Equal(t, `[{"id":3}]`, string(second.Values))
	require.NotEmpty(t, second.Sealed, "sealed anew, in this workflow's name")
	require.NotEqual(t, first.Next, second.Sealed)
	require.Equal(t, first.NextPrint, second.Print)
	again := d.fetch(pageToken(first.Next, func(in *perdure.CollectionInput) { in.Service = "jobs" }))
	require.Equal(t, string(second.Values), string(again.Values), "as often as one likes")
	before := d.fetch(pageToken(first.Sealed))
	require.Equal(t, string(first.Values), string(before.Values))
}

func TestAPagesTokenThatIsRefused(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t,
		perduretest.GET("/items").JSON(200, firstItems),
		perduretest.POST("/vector_stores").JSON(200, inProgress)))
	page := d.fetch(itemsTask(byCaller)).Next
	operation := d.start(createTask(func(task *perdure.StartTask) {
		task.Input.Type, task.Input.Audience = "ListItems", "tenant-a"
	})).Sealed
	anyone := func(in *perdure.CollectionInput) { in.Type, in.Audience = "", "" }
	tampered := page[:len(page)-10] + "A" + page[len(page)-9:]
	if tampered == page {
		tampered = page[:len(page)-10] + "B" + page[len(page)-9:]
	}
	for _, test := range []struct {
		name   string
		token  string
		change func(*perdure.CollectionInput)
		want   string
	}{
		{"for another type", page, func(in *perdure.CollectionInput) { in.Type = "Other" }, "wrong type"},
		{"for no type", page, anyone, "wrong type"},
		{"for another audience", page, func(in *perdure.CollectionInput) { in.Audience = "tenant-b" }, "wrong audience"},
		{"of another service", page, func(in *perdure.CollectionInput) { in.Service = "other" }, "wrong service"},
		{"of an operation", operation, nil, "wrong kind"},
		{"with another bit", tampered, nil, "not authentic"},
		{"that is none", "perdure1_", nil, "malformed"},
		{"of another product", "eyJhbGciOiJIUzI1NiJ9", nil, "malformed"},
		{"with a line break", page[:20] + "\n" + page[20:], nil, "malformed"},
		{"above 16 KiB", page + strings.Repeat("A", perdure.MaxTokenBytes), nil, "too large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			task := pageToken(test.token)
			if test.change != nil {
				test.change(task.Input)
			}
			a := d.fetch(task)
			require.Equal(t, perdure.ErrorInvalidToken, a.ErrorType)
			require.Contains(t, a.Error.Message, test.want)
			var refusal perdure.TokenRefusal
			require.NoError(t, json.Unmarshal(a.Error.Details, &refusal))
			require.ErrorContains(t, tokens.ReasonError(refusal.Reason), test.want)
			require.NotContains(t, a.Error.Message, test.token, "it is never printed")
		})
	}
	t.Run("too old", func(t *testing.T) {
		d.options.TokenLifetime = time.Nanosecond
		defer func() { d.options.TokenLifetime = 0 }()
		require.Contains(t, d.fetch(pageToken(page)).Error.Message, "expired")
	})
	t.Run("of a key that is gone", func(t *testing.T) {
		keyset, err := tokens.NewKeyset()
		require.NoError(t, err)
		other := newDesk(t, perduretest.NewService(t))
		other.options.Keyset = keyset
		a := other.fetch(pageToken(page))
		require.Equal(t, perdure.ErrorInvalidToken, a.ErrorType)
		require.Contains(t, a.Error.Message, "key retired")
	})
	t.Run("of a service that is gone", func(t *testing.T) {
		var a perdure.PageAnswer
		require.NoError(t, d.runAs("renamed", perdure.ActivityFetchPage, pageToken(page), &a))
		require.Equal(t, perdure.ErrorInvalidInput, a.ErrorType)
		require.Contains(t, a.Error.Message, `service: "jobs" is not in the worker's configuration`)
	})
	t.Run("of what is no longer allowed", func(t *testing.T) {
		d.config.Allow = []string{"GET /others"}
		require.Equal(t, perdure.ErrorEgressDenied, d.fetch(pageToken(page)).ErrorType)
	})
}

// What a workflow carries is its own: where this worker cannot read it, another may.
func TestAStateThatThisWorkerCannotRead(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").JSON(200, firstItems)))
	state := d.fetch(itemsTask()).Next
	for name, change := range map[string]func(d *desk){
		"its key is not here": func(d *desk) {
			keyset, err := tokens.NewKeyset()
			require.NoError(t, err)
			d.options.Keyset = keyset
		},
		"its pager is not here": func(d *desk) {
			pagers, err := protocol.NewPagers(openai.Pager{})
			require.NoError(t, err)
			d.options.Pagers = pagers
		},
	} {
		t.Run(name, func(t *testing.T) {
			here := newDesk(t, perduretest.NewService(t))
			here.options = d.options
			change(here)
			err := here.run(perdure.ActivityFetchPage, perdure.PageTask{Sealed: state}, &perdure.PageAnswer{})
			require.True(t, retryable(t, err))
			require.NotContains(t, err.Error(), "perdure1_")
		})
	}
	t.Run("its service is not here", func(t *testing.T) {
		err := d.runAs("renamed", perdure.ActivityFetchPage, perdure.PageTask{Sealed: state}, &perdure.PageAnswer{})
		require.True(t, retryable(t, err))
		require.ErrorContains(t, err, `service "jobs" is not in this worker's configuration`)
	})
}

func TestAStateIsSealedAnewWhenItIsOld(t *testing.T) {
	script := func(t *testing.T) (*desk, perdure.PageTask) {
		t.Helper()
		d := newDesk(t, perduretest.NewService(t,
			perduretest.GET("/items").JSON(200, firstItems), perduretest.GET("/items?page=2").JSON(200, lastItems)))
		return d, nextOf(d.fetch(itemsTask(byCaller)))
	}
	t.Run("its key has been rotated", func(t *testing.T) {
		d, task := script(t)
		before := d.options.Keyset.PrimaryKeyID()
		_, err := d.options.Keyset.Rotate()
		require.NoError(t, err)
		a := d.fetch(task)
		require.Equal(t, `[{"id":3}]`, string(a.Values))
		h := headerOf(t, a.Sealed)
		require.NotEqual(t, before, h.KeyID)
		require.Equal(t, d.options.Keyset.PrimaryKeyID(), h.KeyID)
		require.Equal(t, "ListItems", h.Type)
	})
	t.Run("a quarter of its lifetime has passed", func(t *testing.T) {
		d, task := script(t)
		d.options.TokenLifetime = 4 * time.Nanosecond
		require.NotEmpty(t, d.fetch(task).Sealed)
	})
	t.Run("not before", func(t *testing.T) {
		d, task := script(t)
		d.options.TokenLifetime = 24 * time.Hour
		require.Empty(t, d.fetch(task).Sealed)
	})
}

// Histories hold the answers: of the request, there is in clear what must be.
func TestTheRequestIsSealed(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t,
		perduretest.POST("/search?sig=canary-query").JSON(200, `{"items":[1],"next":"c2"}`),
		perduretest.POST("/search?sig=canary-query").JSON(200, `{"items":[2],"next":"c3"}`),
		perduretest.POST("/search?sig=canary-query").JSON(404, `{}`)))
	first := d.fetch(itemsTask(posted("/search?sig=canary-query", `{"q":"canary-body"}`), headers(map[string][]string{"X-Name": {"canary-header"}}),
		following("token", `{"token":"next","into":{"body":"canary-option"}}`)))
	second := d.fetch(nextOf(first))
	third := d.fetch(nextOf(second))
	require.Equal(t, perdure.ErrorPageRejected, third.ErrorType)
	for _, a := range []perdure.PageAnswer{first, second, third} {
		raw, err := json.Marshal(a)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "canary")
	}
}

// A request that is too large to be carried along is no collection, and one page all the
// same.
func TestAStateThatIsTooLarge(t *testing.T) {
	large := `{"q":"` + strings.Repeat("x", 800_000) + `"}`
	task := itemsTask(posted("/search", large), following("token", `{"token":"next","into":{"query":"c"}}`))
	t.Run("with a page after it", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/search").JSON(200, `{"items":[1],"next":"c2"}`)))
		a := d.fetch(task)
		require.Equal(t, perdure.ErrorTokenTooLarge, a.ErrorType)
		require.Contains(t, a.Error.Message, "request")
	})
	t.Run("the last page", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/search").JSON(200, `{"items":[1]}`)))
		a := d.fetch(task)
		require.Empty(t, a.ErrorType, a.Error)
		require.Equal(t, `[1]`, string(a.Values))
		require.Empty(t, a.Sealed)
		require.Empty(t, a.Next)
	})
}
