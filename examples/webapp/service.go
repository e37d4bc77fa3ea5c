package webapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// The names of our methods. A token of one is refused by the other.
const (
	typeListItems  = "ListItems"
	typeBuildIndex = "BuildIndex"
)

// pageRetrySeconds is how long a page is asked for again and again: less than a browser
// is kept waiting, so that it hears why.
const pageRetrySeconds = 5

// Service is the service's items and indexes, through Perdure.
type Service struct {
	Client *starter.Client
	// Name is what the workers' configuration calls the service.
	Name string
}

// Page implements [Items].
func (s Service) Page(ctx context.Context, user User, token tokens.Token) (*starter.Page[Item], error) {
	in := perdure.CollectionInput{
		Token: token.Text(), Service: s.Name, Type: typeListItems, Audience: user.ID,
		IdleTimeoutSeconds: pageRetrySeconds,
	}
	if token.IsZero() {
		in.Request = &perdure.Request{Method: http.MethodGet, URL: "/items?limit=12"}
	}
	return starter.GetPage[Item](ctx, s.Client, in, nil)
}

// Start implements [Indexes]. The workflow id is made of the user and the form that was
// sent: a form that is sent twice starts one operation.
func (s Service) Start(ctx context.Context, user User, form, name string) (tokens.Token, error) {
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return tokens.Token{}, err
	}
	op, err := starter.Start[Index](ctx, s.Client, perdure.OperationInput{
		Request: &perdure.Request{Service: s.Name, Method: http.MethodPost, URL: "/vector_stores", Body: perdure.JSONBody(body)},
		Type:    typeBuildIndex, Audience: user.ID,
	}, &starter.StartOptions{ID: "catalogue-" + user.ID + "-" + form})
	if err != nil && !answered(err) {
		return tokens.Token{}, err
	}
	token, noToken := op.Token(ctx)
	if noToken != nil {
		return tokens.Token{}, errors.Join(err, noToken)
	}
	return token, nil
}

// answered reports whether the service had started the operation, and it is over by now.
func answered(err error) bool {
	bad, ok := errors.AsType[*perdure.OperationError](err)
	return ok && bad.Status.RemoteID != "" && bad.Type != perdure.ErrorIDConflict
}

// Look implements [Indexes].
func (s Service) Look(ctx context.Context, user User, token tokens.Token) (Build, error) {
	op, err := starter.Rehydrate[Index](ctx, s.Client, token, &starter.RehydrateOptions{
		Type: typeBuildIndex, Audience: user.ID, Service: s.Name,
	})
	if bad, ok := errors.AsType[*perdure.OperationError](err); ok {
		return Build{Status: bad.Status}, nil
	}
	if err != nil {
		return Build{}, err
	}
	build := Build{Status: op.LastStatus()}
	if build.Status.State == perdure.StateSucceeded {
		build.Index, err = op.Value(ctx)
	}
	return build, err
}
