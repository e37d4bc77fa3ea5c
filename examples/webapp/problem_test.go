package webapp_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/webapp"
	"github.com/perdure-dev/perdure/tokens"
)

func TestWhatIsSaidWhenItCannotBeShown(t *testing.T) {
	collection := func(errorType string, httpStatus int) error {
		e := &perdure.CollectionError{Type: errorType}
		if httpStatus != 0 {
			e.Status.Error = &perdure.ServiceError{HTTPStatus: httpStatus, Code: "x", Message: "its_word"}
		}
		return fmt.Errorf("wrapped: %w", e)
	}
	tests := []struct {
		err    error
		status int
		title  string
		known  bool // the service's word is told
		again  bool
	}{
		{tokens.ErrAudience, 403, "This address is somebody else’s", false, false},
		{tokens.ErrExpired, 410, "This address has expired", false, false},
		{tokens.ErrKeyRetired, 410, "This address has expired", false, false},
		{tokens.ErrMalformed, 400, "This address is damaged", false, false},
		{tokens.ErrTooLarge, 400, "This address is damaged", false, false},
		{tokens.ErrNotAuthentic, 400, "This address is damaged", false, false},
		{tokens.ErrKind, 400, "This address is damaged", false, false},
		{tokens.ErrType, 400, "This address is damaged", false, false},
		{tokens.ErrService, 400, "This address is damaged", false, false},
		{collection(perdure.ErrorInvalidToken, 0), 410, "This address has expired", false, false},
		{collection(perdure.ErrorPageRejected, 410), 410, "This place in the list is gone", true, false},
		{collection(perdure.ErrorPageRejected, 400), 410, "This place in the list is gone", true, false},
		{collection(perdure.ErrorPageRejected, 403), 502, "The service refused", true, false},
		{collection(perdure.ErrorProtocolViolation, 0), 502, "The service’s answer makes no sense", false, false},
		{collection(perdure.ErrorResponseTooLarge, 0), 502, "The service’s answer makes no sense", false, false},
		{collection(perdure.ErrorOperationTimedOut, 503), 503, "The service is not answering", true, true},
		{collection(perdure.ErrorEgressDenied, 502), 503, "This cannot be shown just now", false, true},
		{collection(perdure.ErrorCredentialFailed, 502), 503, "This cannot be shown just now", false, true},
		{errors.New("no route to Temporal"), 503, "This cannot be shown just now", false, true},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%v", tt.err), func(t *testing.T) {
			f := newFake(t)
			f.err = tt.err
			p := signedIn(t, f.serve(), "ada").get("/items?number=1")
			require.Equal(t, tt.status, p.status)
			require.Contains(t, p.body, "<h1>"+tt.title+"</h1>")
			require.NotEmpty(t, p.text("problem"))
			require.Equal(t, tt.known, bytes.Contains([]byte(p.body), []byte("its_word")))
			require.NotContains(t, p.body, tt.err.Error(), "it is not for users")
			require.Equal(t, tt.again, p.header.Get("Retry-After") != "")
			if tt.again {
				require.Equal(t, "/items?number=1", p.link("retry"))
			} else {
				require.Nil(t, p.node("retry"))
			}
		})
	}
}

func TestABrowserIsNotKeptWaiting(t *testing.T) {
	f := newFake(t)
	b := signedIn(t, instance(t, webapp.Options{Items: f, Indexes: f, Patience: 20 * time.Millisecond}), "ada")
	address := b.get("/items").link("next")
	f.linger = true
	p := b.get(address)
	require.Equal(t, http.StatusGatewayTimeout, p.status)
	require.Contains(t, p.body, "This takes longer than it should")
	f.linger = false
	require.Contains(t, b.get(p.link("retry")).body, "item_1", "to try again leads to the same page")
}

func TestTheLogKnowsMoreThanTheUserAndNoToken(t *testing.T) {
	var log bytes.Buffer
	f := newFake(t)
	b := signedIn(t, instance(t, webapp.Options{Items: f, Indexes: f, Logger: slog.New(slog.NewTextHandler(&log, nil))}), "ada")
	address := b.get("/items").link("next")
	f.err = errors.New("no route to Temporal")
	b.get(address)
	require.Contains(t, log.String(), "no route to Temporal")
	require.Contains(t, log.String(), "path=/items status=503")
	require.NotContains(t, log.String(), "perdure1_")
}

func TestAnAddressThatIsNone(t *testing.T) {
	p := signedIn(t, newFake(t).serve(), "ada").get("/nowhere")
	require.Equal(t, http.StatusNotFound, p.status)
	require.Contains(t, p.body, "There is no such page")
	require.Equal(t, "Ada", p.text("user"))
}
