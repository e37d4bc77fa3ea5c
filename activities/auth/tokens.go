package auth

import (
	"context"
	"net/http"
	"time"

	"github.com/perdure-dev/perdure"
)

// Tokens sends "Authorization: Bearer TOKEN" with what issue gives, and until when, as
// [NewCache] has it. Source names it in errors.
func Tokens(service, source string, issue func(context.Context) (token string, expires time.Time, err error)) Credential {
	return &tokens{cache: NewCache(func(ctx context.Context) (string, time.Time, error) {
		token, expires, err := issue(ctx)
		if err == nil && (token == "" || hasControl(token)) {
			err = &perdure.CredentialError{Service: service, Source: source, Message: "gave a token that is empty or has a control character"}
		}
		return token, expires, err
	})}
}

type tokens struct{ cache *Cache[string] }

// Apply puts the token into the header.
func (t *tokens) Apply(ctx context.Context, r *http.Request) error {
	token, err := t.cache.Get(ctx)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return nil
}

// Refresh gets another token.
func (t *tokens) Refresh(ctx context.Context, refused *http.Request) (bool, error) {
	return t.cache.Refresh(ctx, func(token string) bool {
		return refused.Header.Get("Authorization") == "Bearer "+token
	})
}

// SecretHeaders is Authorization.
func (*tokens) SecretHeaders() []string { return []string{"Authorization"} }
