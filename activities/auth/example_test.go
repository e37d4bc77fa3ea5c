package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
)

// visitors is a source of one's own: a badge from the front desk, in a header of its own.
type visitors struct{ badges *auth.Cache[string] }

func (v visitors) Apply(ctx context.Context, r *http.Request) error {
	badge, err := v.badges.Get(ctx)
	if err != nil {
		return err
	}
	r.Header.Set("X-Badge", badge)
	return nil
}

func (v visitors) Refresh(ctx context.Context, refused *http.Request) (bool, error) {
	return v.badges.Refresh(ctx, func(badge string) bool { return refused.Header.Get("X-Badge") == badge })
}

func (visitors) SecretHeaders() []string { return []string{"X-Badge"} }

// A source of one's own, for worker.Options.Credentials: what it has is put on every
// request, and another is asked for where a service refuses it.
func ExampleCredential() {
	issued := 0
	badges := auth.NewCache(func(context.Context) (badge string, expires time.Time, err error) {
		if issued == 2 {
			return "", time.Time{}, &perdure.CredentialError{Service: "jobs", Source: "the front desk", Message: "is closed"}
		}
		issued++
		return fmt.Sprintf("badge %d", issued), time.Now().Add(time.Hour), nil
	})
	var c auth.Credential = visitors{badges}

	ctx := context.Background()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://jobs.example.com/", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Apply(ctx, r), r.Header.Get("X-Badge"))

	fmt.Println(c.Refresh(ctx, r)) // it was answered with 401
	fmt.Println(c.Apply(ctx, r), r.Header.Get("X-Badge"))
	fmt.Println(c.Refresh(ctx, r)) // and so was this one
	// Output:
	// <nil> badge 1
	// true <nil>
	// <nil> badge 2
	// false perdure: credential of service jobs from the front desk: is closed
}

// What makes the credentials of a type of the configuration, as azure.New does, for
// worker.Options.CredentialKinds.
func ExampleKind() {
	var kind auth.Kind = func(s auth.Settings) (auth.Credential, error) {
		return auth.OAuth2(auth.OAuth2Options{
			Service: s.Service, Client: s.Client, Scopes: s.Scopes,
			TokenURL: "https://login.example.com/token", ClientID: "perdure", Secret: auth.Secret{File: s.File},
		}), nil
	}
	c, err := kind(auth.Settings{Service: "jobs", Client: &http.Client{Timeout: time.Minute}, File: "client-secret"})
	fmt.Println(c.SecretHeaders(), err)
	// Output:
	// [Authorization] <nil>
}
