package worker

import "github.com/perdure-dev/perdure"

// Service is one service that the worker speaks to.
type Service struct {
	// BaseURL is absolute, http or https, without user and query. Required.
	BaseURL string `json:"baseURL,omitempty"`
	// Allow is what callers may ask for, "METHOD /path" each, paths after BaseURL's;
	// * is one segment, ** any number. Default: everything.
	Allow []string `json:"allow,omitempty"`
	// Auth is how the worker authenticates. Default: not at all.
	Auth *Auth `json:"auth,omitempty"`
	// Protocol is the one of operations that name none. Default "auto".
	Protocol *perdure.ProtocolChoice `json:"protocol,omitempty"`
	// Headers go on every request. They are no place for secrets.
	Headers map[string][]string `json:"headers,omitempty"`
	// SecretHeaders are never captured, and callers may not set them.
	SecretHeaders []string `json:"secretHeaders,omitempty"`
	// Idempotency is how the service recognises a repeated start. Default: it does not.
	Idempotency *Idempotency `json:"idempotency,omitempty"`
	// NotStarted are statuses by which the service says for sure that nothing was
	// started. Default: none.
	NotStarted []int `json:"notStarted,omitempty" min:"400" max:"599"`
	// Lookup finds a start whose answer was lost. Default: it cannot be found.
	Lookup  *Lookup          `json:"lookup,omitempty"`
	Polling *perdure.Polling `json:"polling,omitempty"`
	Limits  Limits           `json:"limits,omitzero"`
	// AllowedOrigins may be named by the service's answers, besides BaseURL's own.
	AllowedOrigins []string `json:"allowedOrigins,omitempty"`
	// CredentialOrigins among them also get the credentials.
	CredentialOrigins []string `json:"credentialOrigins,omitempty"`
	// AllowPrivateNetwork permits addresses that are not of the public internet.
	AllowPrivateNetwork bool `json:"allowPrivateNetwork,omitempty"`
	// Proxy is the URL of an HTTP proxy, without user. Default: none, whatever the
	// environment says.
	Proxy string `json:"proxy,omitempty"`
	// TLS has the service's own certificates. Default: the system's authorities.
	TLS *TLS `json:"tls,omitempty"`
	// StickyCookies carries the service's cookies through each operation, where its
	// credentials go.
	StickyCookies bool `json:"stickyCookies,omitempty"`
}

// Auth names a credential, never holds one. Type says which of the other fields it has.
type Auth struct {
	// Type is bearer, apiKey, basic, oauth2, azure, google, aws or custom. Required.
	Type string `json:"type,omitempty"`
	// Env is the name of an environment variable that has the secret, File a file,
	// which is read again when it changes: exactly one of them, for bearer, apiKey,
	// basic and oauth2. Google's may have a File.
	Env  string `json:"env,omitempty"`
	File string `json:"file,omitempty"`
	// Header or Query is where an apiKey goes: exactly one of them.
	Header string `json:"header,omitempty"`
	Query  string `json:"query,omitempty"`
	// Username of basic, whose secret is then the password. Default: the secret is
	// USER:PASSWORD.
	Username string `json:"username,omitempty"`
	// TokenURL and ClientID of oauth2. Required for it.
	TokenURL string `json:"tokenURL,omitempty"`
	ClientID string `json:"clientId,omitempty"`
	// ClientAuth is where oauth2's client sends its secret: header or body. Default
	// header.
	ClientAuth string `json:"clientAuth,omitempty"`
	// Audience that oauth2's tokens are asked for. Default: none.
	Audience string `json:"audience,omitempty"`
	// Scopes of oauth2, by default the issuer's; of google, by default cloud-platform;
	// of azure, required.
	Scopes []string `json:"scopes,omitempty"`
	// Region and Service that aws signs for. Required for it.
	Region  string `json:"region,omitempty"`
	Service string `json:"service,omitempty"`
	// Name of a custom one among [Options.Credentials].
	Name string `json:"name,omitempty"`
}

// TLS names the certificates that are a service's own. The files are PEM, and are read
// again when they change.
type TLS struct {
	// CAFile holds the authorities that are trusted, instead of the system's.
	CAFile string `json:"caFile,omitempty"`
	// CertFile and KeyFile, both or none, are what the worker shows of itself.
	CertFile string `json:"certFile,omitempty"`
	KeyFile  string `json:"keyFile,omitempty"`
}

// Idempotency says where a start's key goes: exactly one of Header, Query, Body
// and Form is set.
type Idempotency struct {
	Header string `json:"header,omitempty"`
	Query  string `json:"query,omitempty"`
	// Body is a top-level field of the JSON body.
	Body string `json:"body,omitempty"`
	// Form is "repeatability" or "operationId".
	Form string `json:"form,omitempty"`
	// WindowSeconds is how long the service remembers a key. Default 24 hours, 5
	// minutes for repeatability.
	WindowSeconds float64 `json:"windowSeconds,omitempty" min:"1" max:"31536000"`
}

// Lookup is how a start whose answer was lost is found at the service. {key} stands
// for the start's idempotency key.
type Lookup struct {
	Request LookupRequest `json:"request,omitzero"`
	// Found is JMESPath on the answer: the operation's id or its status monitor's URL;
	// null: the start did not arrive. Required.
	Found string `json:"found,omitempty"`
	// Body is where the key goes in the start's JSON body, dotted, where idempotency
	// does not put it on the request.
	Body string `json:"body,omitempty"`
}

// LookupRequest is what is asked.
type LookupRequest struct {
	// Method is GET by default; POST is for a search.
	Method string `json:"method,omitempty"`
	// URL is relative to BaseURL, or absolute. Required.
	URL string `json:"url,omitempty"`
}

// Limits of a service, for each worker.
type Limits struct {
	// RequestsPerSecond, evenly spaced, by default is not limited.
	RequestsPerSecond float64 `json:"requestsPerSecond,omitempty" min:"0.001" max:"100000"`
	// Concurrency is the number of requests at once. Default 50.
	Concurrency int `json:"concurrency,omitempty" min:"1" max:"10000"`
	// RequestTimeoutSeconds bounds one request, its answer included. Default 60.
	RequestTimeoutSeconds float64 `json:"requestTimeoutSeconds,omitempty" min:"0.1" max:"3600"`
	// MaxResponseBytes of an answer's body. Default 32 MiB.
	MaxResponseBytes int64 `json:"maxResponseBytes,omitempty" min:"1024" max:"268435456"`
	// CaptureBytes of a body that is kept for people. Default 64 KiB.
	CaptureBytes int `json:"captureBytes,omitempty" min:"1" max:"262144"`
}
