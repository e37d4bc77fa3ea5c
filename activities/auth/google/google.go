// Package google authenticates with Google's application default credentials: the file
// that GOOGLE_APPLICATION_CREDENTIALS names, gcloud's own, or the metadata server of
// the machine. So workload identity federation and impersonation work too.
//
// May import: the root package, package auth and its internals, golang.org/x/oauth2 and
// its google, cloud.google.com/go/compute/metadata and the standard library.
package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"cloud.google.com/go/compute/metadata"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/auth/internal/issuer"
)

// defaultScope is every API, as far as the account's roles go.
const defaultScope = "https://www.googleapis.com/auth/cloud-platform"

// New sends access tokens. It reads Settings.Scopes, by default cloud-platform, and
// Settings.File, by default where application default credentials are; the file is read
// anew for each token.
func New(s auth.Settings) (auth.Credential, error) {
	if len(s.Scopes) == 0 {
		s.Scopes = []string{defaultScope}
	}
	g := gatherer{settings: s, source: "Google's application default credentials"}
	if s.File != "" {
		g.source = "file " + s.File
	}
	return auth.Tokens(s.Service, g.source, g.issue), nil
}

type gatherer struct {
	settings auth.Settings
	source   string
}

func (g gatherer) issue(ctx context.Context) (string, time.Time, error) {
	talk := issuer.NewTalk(g.settings.Client)
	found, err := g.find(context.WithValue(ctx, oauth2.HTTPClient, talk.Client()))
	if err != nil {
		return "", time.Time{}, g.failed("is not there or cannot be used")
	}
	token, err := found.TokenSource.Token()
	if err != nil {
		return "", time.Time{}, g.failure(talk, err)
	}
	return token.AccessToken, token.Expiry, nil
}

func (g gatherer) find(ctx context.Context) (*google.Credentials, error) {
	if g.settings.File == "" {
		return google.FindDefaultCredentials(ctx, g.settings.Scopes...)
	}
	content, err := os.ReadFile(g.settings.File)
	if err != nil {
		return nil, err
	}
	var file struct {
		Type google.CredentialsType `json:"type"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	return google.CredentialsFromJSONWithType(ctx, content, file.Type, g.settings.Scopes...)
}

// failure also knows the errors of the metadata server, which is asked by a client of
// the library's own.
func (g gatherer) failure(talk *issuer.Talk, err error) error {
	if answer, ok := errors.AsType[*metadata.Error](err); ok {
		if issuer.Temporary(answer.Code) {
			return fmt.Errorf("%s: the metadata server answered with HTTP %d", g.source, answer.Code)
		}
		return g.failed(fmt.Sprintf("the metadata server answered with HTTP %d", answer.Code))
	}
	if _, ok := errors.AsType[net.Error](err); ok && !talk.Asked() {
		return fmt.Errorf("%s: the metadata server cannot be reached", g.source)
	}
	return talk.Failure(g.settings.Service, g.source, err)
}

func (g gatherer) failed(message string) error {
	return &perdure.CredentialError{Service: g.settings.Service, Source: g.source, Message: message}
}
