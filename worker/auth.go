package worker

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// The types of Auth.
const (
	authBearer = "bearer"
	authAPIKey = "apiKey"
	authBasic  = "basic"
	authOAuth2 = "oauth2"
	authAzure  = "azure"
	authGoogle = "google"
	authAWS    = "aws"
	authCustom = "custom"
)

// Where a client of OAuth 2.0 sends its secret.
const (
	clientAuthHeader = "header"
	clientAuthBody   = "body"
)

// authType is which keys a type of Auth has.
type authType struct {
	name               string
	required, optional []string
	either             [][2]string // exactly one of the two
}

// secret is where a type's secret comes from.
var secret = [2]string{"env", "file"}

var authTypes = []authType{
	{name: authBearer, either: [][2]string{secret}},
	{name: authAPIKey, either: [][2]string{secret, {"header", "query"}}},
	{name: authBasic, optional: []string{"username"}, either: [][2]string{secret}},
	{name: authOAuth2, required: []string{"tokenURL", "clientId"}, optional: []string{"clientAuth", "scopes", "audience"}, either: [][2]string{secret}},
	{name: authAzure, required: []string{"scopes"}},
	{name: authGoogle, optional: []string{"scopes", "file"}},
	{name: authAWS, required: []string{"region", "service"}},
	{name: authCustom, required: []string{"name"}},
}

func (t authType) has(key string) bool {
	return slices.Contains(t.required, key) || slices.Contains(t.optional, key) ||
		slices.ContainsFunc(t.either, func(pair [2]string) bool { return slices.Contains(pair[:], key) })
}

func authTypeNames(of func(authType) bool) []string {
	var out []string
	for _, t := range authTypes {
		if of(t) {
			out = append(out, t.name)
		}
	}
	return out
}

// values are the keys beside type, as text.
func (a *Auth) values() map[string]string {
	return map[string]string{
		"env": a.Env, "file": a.File, "header": a.Header, "query": a.Query, "username": a.Username,
		"tokenURL": a.TokenURL, "clientId": a.ClientID, "clientAuth": a.ClientAuth, "audience": a.Audience,
		"scopes": strings.Join(a.Scopes, " "), "region": a.Region, "service": a.Service, "name": a.Name,
	}
}

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,255}$`)
	regionName   = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	scopeName    = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`) // RFC 6749, 3.3
	secretWords  = regexp.MustCompile(`(?i)secret|token|password|passwd|value|key|credential`)
)

// explain says of an unknown key under auth that a secret is not to be written there.
func (Auth) explain(key, message string) string {
	if secretWords.MatchString(key) && !strings.Contains(message, "did you mean") {
		return "unknown key; no secret is written into the configuration: name its source with env or file"
	}
	return message
}

// auth quotes no value: any of them could be a secret that was put in the wrong place.
func (k *checker) auth(key string, a *Auth) {
	if a == nil {
		return
	}
	all := authTypeNames(func(authType) bool { return true })
	i := slices.Index(all, a.Type)
	switch {
	case a.Type == "":
		k.refuse(below(key, "type"), "is missing, want "+oneOf(all))
		return
	case i < 0:
		message := "is unknown, want " + oneOf(all)
		if near := nearest(a.Type, all); near != "" {
			message += `; did you mean "` + near + `"?`
		}
		k.refuse(below(key, "type"), message)
		return
	}
	k.authKeys(key, a, authTypes[i])
	k.authValues(key, a)
}

// authKeys holds what is set against the keys that the type has.
func (k *checker) authKeys(key string, a *Auth, t authType) {
	values := a.values()
	for name, value := range values {
		switch {
		case value == "" && slices.Contains(t.required, name):
			k.refuse(below(key, name), "is missing")
		case value != "" && !t.has(name):
			others := authTypeNames(func(t authType) bool { return t.has(name) })
			k.refuse(below(key, name), "is no key of type "+t.name+", but of "+oneOf(others))
		}
	}
	for _, pair := range t.either {
		k.exactlyOne(key, map[string]string{pair[0]: values[pair[0]], pair[1]: values[pair[1]]})
	}
}

// authValues checks what is set.
func (k *checker) authValues(key string, a *Auth) {
	const noSecret = "; no secret is written into the configuration" //nolint:gosec // words
	for _, v := range []struct {
		key, value, problem string
		ok                  func(string) bool
	}{
		{"env", a.Env, "is no name of an environment variable" + noSecret, variableName.MatchString},
		{"file", a.File, "is no path" + noSecret, plain},
		{"header", a.Header, "is no header name", httpguts.ValidHeaderFieldName},
		{"query", a.Query, "has a control character", plain},
		{"username", a.Username, "has a colon or a control character" + noSecret, func(s string) bool { return plain(s) && !strings.Contains(s, ":") }},
		{"tokenURL", a.TokenURL, "want an absolute http or https URL without user and fragment" + noSecret, isTokenURL},
		{"clientId", a.ClientID, "has a control character", plain},
		{"clientAuth", a.ClientAuth, "want header or body" + noSecret, func(s string) bool { return s == clientAuthHeader || s == clientAuthBody }},
		{"audience", a.Audience, "has a control character", plain},
		{"region", a.Region, "want such as eu-central-1", regionName.MatchString},
		{"service", a.Service, "want such as bedrock or execute-api", regionName.MatchString},
		{"name", a.Name, "has a control character", plain},
	} {
		if v.value != "" && !v.ok(v.value) {
			k.refuse(below(key, v.key), v.problem)
		}
	}
	for i, scope := range a.Scopes {
		if !scopeName.MatchString(scope) {
			k.refuse(element(key, "scopes", i), "is no scope: want one each, without spaces")
		}
	}
}

func plain(s string) bool { return !strings.ContainsFunc(s, isControl) }

func isTokenURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Fragment == ""
}

// oneOf is a list in words.
func oneOf(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}
