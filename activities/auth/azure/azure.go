// Package azure authenticates with Azure's default credentials: the environment's
// (AZURE_CLIENT_ID and what goes with it), workload identity, managed identity, and the
// tools that a developer is signed in to. AZURE_TOKEN_CREDENTIALS narrows them.
//
// May import: the root package, package auth and its internals, azcore, azidentity and
// the standard library.
package azure

import (
	"context"
	"errors"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/auth/internal/issuer"
)

const source = "Azure's default credentials"

// New sends access tokens for Settings.Scopes, which are required: a resource with
// "/.default" after it.
func New(s auth.Settings) (auth.Credential, error) {
	if len(s.Scopes) == 0 {
		return nil, errors.New("scopes: is missing, want such as https://management.azure.com/.default")
	}
	return auth.Tokens(s.Service, source, func(ctx context.Context) (string, time.Time, error) {
		talk := issuer.NewTalk(s.Client)
		token, err := issue(ctx, talk, s.Scopes)
		if err != nil {
			return "", time.Time{}, talk.Failure(s.Service, source, err)
		}
		return token.Token, token.ExpiresOn, nil
	}), nil
}

// issue gets a token by a credential of its own, since each holds what it once got:
// also what a service has refused.
func issue(ctx context.Context, talk *issuer.Talk, scopes []string) (azcore.AccessToken, error) {
	c, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: talk.Client()},
	})
	if err != nil {
		return azcore.AccessToken{}, err
	}
	return c.GetToken(ctx, policy.TokenRequestOptions{Scopes: scopes})
}
