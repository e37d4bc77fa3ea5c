package auth

import (
	"context"
	"net/http"
)

// Credential authenticates the requests to a service. It is safe for concurrent use.
//
// An error that is a *perdure.CredentialError ends the operation: there is nothing to
// send, and asking again will not help. After any other, which is to say no more than
// that it cannot be had now, the request is tried again later. People see the text of
// both: it never holds a secret.
//
// One that puts a secret into the query has another method, SecretParameters() []string,
// with the names of the parameters: services repeat them in the URLs that they name, which
// are captured without their queries then.
type Credential interface {
	// Apply puts on a request what the service authenticates with. It comes last,
	// anew for each attempt and each redirect, so that it can sign what is sent; the
	// body is to be had from r.GetBody.
	Apply(ctx context.Context, r *http.Request) error
	// Refresh is told of a request that was answered with 401 or 403, as Apply left
	// it, and reports whether Apply would now send something else. If so the request
	// is sent once more. Many requests may be refused at once.
	Refresh(ctx context.Context, refused *http.Request) (changed bool, err error)
	// SecretHeaders are the names of the headers that Apply sets: no caller may set
	// them, and they are never captured.
	SecretHeaders() []string
}

// Kind makes credentials of one type of the configuration's auth. It touches no
// network, and checks what cannot be checked without its library.
type Kind func(Settings) (Credential, error)

// Settings are what the configuration says of a credential. A kind reads those fields
// that its type has.
type Settings struct {
	// Service is the service's name in the configuration, for errors.
	Service string
	// Client asks issuers: over the service's proxy and with its certificates, and
	// over no proxy of the environment.
	Client *http.Client
	// Scopes that tokens are for.
	Scopes []string
	// File with the credential; "": where the type's library looks.
	File string
	// Region and SigningName of AWS, such as "eu-central-1" and "bedrock".
	Region, SigningName string
}
