package worker

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/perdure-dev/perdure/activities/transport"
)

// The types of Auth, and those of the contract that this version does not have.
const (
	authBearer = "bearer"
	authAPIKey = "apiKey"
)

var (
	authTypes       = []string{authBearer, authAPIKey}
	futureAuthTypes = []string{"basic", "oauth2", "azure", "google", "aws"}
	variableName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,255}$`)
	secretWords     = regexp.MustCompile(`(?i)secret|token|password|passwd|value|key|credential`)
)

// explain says of an unknown key under auth that a secret is not to be written
// there. The keys of types to come pass: Check refuses the type.
func (Auth) explain(key string, siblings []entry, message string) string {
	for _, e := range siblings {
		if s, ok := e.value.(*ast.StringNode); ok && e.name == "type" && slices.Contains(futureAuthTypes, s.Value) {
			return ""
		}
	}
	if secretWords.MatchString(key) {
		return "unknown key; no secret is written into the configuration: name its source with env or file"
	}
	return message
}

// auth quotes no value: any of them could be a secret that was put in the wrong place.
func (k *checker) auth(key string, a *Auth) {
	switch {
	case a == nil:
		return
	case a.Type == "":
		k.refuse(below(key, "type"), "is missing, want "+strings.Join(authTypes, " or "))
		return
	case slices.Contains(futureAuthTypes, a.Type):
		k.refuse(below(key, "type"), a.Type+" is not supported by this version, want "+strings.Join(authTypes, " or "))
		return
	case !slices.Contains(authTypes, a.Type):
		message := "is unknown, want " + strings.Join(authTypes, " or ")
		if near := nearest(a.Type, authTypes); near != "" {
			message += `; did you mean "` + near + `"?`
		}
		k.refuse(below(key, "type"), message)
		return
	}
	k.exactlyOne(key, map[string]string{"env": a.Env, "file": a.File})
	if a.Env != "" && !variableName.MatchString(a.Env) {
		k.refuse(below(key, "env"), "is no name of an environment variable; no secret is written into the configuration")
	}
	if strings.ContainsFunc(a.File, isControl) {
		k.refuse(below(key, "file"), "is no path; no secret is written into the configuration")
	}
	k.authPlace(key, a)
}

// authPlace checks where the credential goes in a request.
func (k *checker) authPlace(key string, a *Auth) {
	if a.Type == authAPIKey {
		if k.exactlyOne(key, map[string]string{"header": a.Header, "query": a.Query}) && a.Header != "" && !isToken(a.Header) {
			k.refuse(below(key, "header"), "is no header name")
		}
		return
	}
	for name, value := range map[string]string{"header": a.Header, "query": a.Query} {
		if value != "" {
			k.refuse(below(key, name), "is for type apiKey; bearer goes into Authorization")
		}
	}
}

// credential is the service's credential, as package transport knows it.
func (c *Config) credential(service string, a *Auth) transport.Credential {
	if a == nil {
		return nil
	}
	secret := transport.Secret{Env: a.Env, File: c.source.path(a.File)}
	if a.Type == authBearer {
		return transport.Bearer(service, secret)
	}
	return transport.APIKey(service, secret, a.Header, a.Query)
}
