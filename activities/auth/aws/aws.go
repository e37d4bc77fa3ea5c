// Package aws signs requests with Signature Version 4. The keys come from where AWS's
// own tools look: the environment, its shared files and profiles, web identity, the
// container's or the machine's role.
//
// May import: the root package, package auth and its internals, AWS's SDK and the
// standard library.
package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/auth/internal/issuer"
)

const source = "AWS's default credentials"

// The headers that signing sets.
const (
	authorization = "Authorization"
	securityToken = "X-Amz-Security-Token" //nolint:gosec // a header's name
	contentHash   = "X-Amz-Content-Sha256"
)

// New signs for Settings.Region and Settings.SigningName, both required.
func New(s auth.Settings) (auth.Credential, error) {
	switch {
	case s.Region == "":
		return nil, errors.New("region: is missing, want such as eu-central-1")
	case s.SigningName == "":
		return nil, errors.New("service: is missing, want such as bedrock, the name that requests are signed for")
	}
	return &signature{
		settings: s,
		signer: v4.NewSigner(func(o *v4.SignerOptions) {
			o.DisableURIPathEscaping = s.SigningName == "s3" // whose keys are signed as they are sent
		}),
		keys: auth.NewCache(func(ctx context.Context) (aws.Credentials, time.Time, error) { return issue(ctx, s) }),
	}, nil
}

// issue reads the configuration anew: its files may have changed.
func issue(ctx context.Context, s auth.Settings) (keys aws.Credentials, expires time.Time, err error) {
	talk := issuer.NewTalk(s.Client)
	loaded, err := config.LoadDefaultConfig(ctx, config.WithDefaultRegion(s.Region), config.WithHTTPClient(talk.Client()),
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = talk.Client() })) // has one of its own
	if err == nil {
		keys, err = loaded.Credentials.Retrieve(ctx)
	}
	if err != nil {
		return aws.Credentials{}, time.Time{}, talk.Failure(s.Service, source, err)
	}
	if keys.CanExpire {
		expires = keys.Expires
	}
	return keys, expires, nil
}

type signature struct {
	settings auth.Settings
	signer   *v4.Signer
	keys     *auth.Cache[aws.Credentials]
}

// Apply signs the request with the hash of its body.
func (s *signature) Apply(ctx context.Context, r *http.Request) error {
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil { // the signer would leave out what it cannot read
		return &perdure.InputError{Field: "request.url", Message: "has a query that cannot be signed"}
	}
	keys, err := s.keys.Get(ctx)
	if err != nil {
		return err
	}
	hash, err := bodyHash(r)
	if err != nil {
		return err
	}
	r.Header.Set(contentHash, hash)
	return s.signer.SignHTTP(ctx, keys, r, hash, s.settings.SigningName, s.settings.Region, time.Now())
}

func bodyHash(r *http.Request) (string, error) {
	hash := sha256.New()
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return "", fmt.Errorf("body: %w", err)
		}
		defer func() { _ = body.Close() }()
		if _, err := io.Copy(hash, body); err != nil {
			return "", fmt.Errorf("body: %w", err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Refresh gets keys other than those that the refused request was signed with.
func (s *signature) Refresh(ctx context.Context, refused *http.Request) (bool, error) {
	return s.keys.Refresh(ctx, func(keys aws.Credentials) bool {
		return strings.Contains(refused.Header.Get(authorization), "Credential="+keys.AccessKeyID+"/") &&
			refused.Header.Get(securityToken) == keys.SessionToken
	})
}

// SecretHeaders are those that signing sets.
func (*signature) SecretHeaders() []string {
	return []string{authorization, securityToken, contentHash, "X-Amz-Date"}
}
