package worker

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
)

func (k *checker) service(name string, s *Service) {
	key := below("services", name)
	if !serviceName.MatchString(name) {
		k.refuse(key, "want a name of letters, digits, dot, hyphen and underscore, at most 64, that begins with a letter or a digit")
	}
	k.transport(below(key, "baseURL"), "baseURL", transport.Config{BaseURL: s.BaseURL})
	for i, line := range s.Allow {
		k.transport(element(key, "allow", i), "allow", transport.Config{Allow: []string{line}})
	}
	k.origins(key, s)
	k.auth(below(key, "auth"), s.Auth)
	k.protocol(key, s.Protocol)
	k.headers(key, s)
	k.idempotency(below(key, "idempotency"), s.Idempotency)
	k.input(s.Polling.Check(below(key, "polling")))
	if l := s.Lookup.activities(); l != nil {
		k.inputBelow(below(key, "lookup"), l.Check())
	}
	k.transport(below(key, "proxy"), "proxy", transport.Config{Proxy: s.Proxy})
	k.tls(below(key, "tls"), s.TLS)
}

func (k *checker) tls(key string, t *TLS) {
	switch {
	case t == nil:
		return
	case *t == (TLS{}):
		k.refuse(key, "want caFile, or certFile and keyFile")
	case t.CertFile == "" && t.KeyFile != "":
		k.refuse(below(key, "certFile"), "is missing beside keyFile")
	case t.CertFile != "" && t.KeyFile == "":
		k.refuse(below(key, "keyFile"), "is missing beside certFile")
	}
}

// transport asks package transport about one value at a time, so that each wrong
// one is told. Its errors begin with the name of the field.
func (k *checker) transport(key, field string, c transport.Config) {
	if field != "baseURL" {
		c.BaseURL = "https://service.invalid"
	}
	if _, err := transport.NewService(c); err != nil {
		k.refuse(key, strings.TrimPrefix(err.Error(), field+": "))
	}
}

func (k *checker) origins(key string, s *Service) {
	for _, list := range []struct {
		field   string
		origins []string
	}{{"allowedOrigins", s.AllowedOrigins}, {"credentialOrigins", s.CredentialOrigins}} {
		for i, origin := range list.origins {
			name := element(key, list.field, i)
			switch {
			case strings.Contains(origin, "@"):
				k.refuse(name, "has a user in it, want https://host, https://host:port or https://*.domain")
			case strings.HasPrefix(strings.ToLower(s.BaseURL), "https:") && strings.HasPrefix(strings.ToLower(origin), "http:"):
				k.refuse(name, "is not encrypted, and baseURL is: want https")
			case list.field == "credentialOrigins" && !slices.Contains(s.AllowedOrigins, origin):
				k.refuse(name, "is not among allowedOrigins")
			default:
				k.transport(name, "allowedOrigins", transport.Config{AllowedOrigins: []string{origin}})
			}
		}
	}
}

func (k *checker) protocol(key string, p *perdure.ProtocolChoice) {
	switch {
	case p == nil:
	case p.Name == "":
		k.refuse(below(key, "protocol.name"), "is missing")
	default:
		_, err := k.protocols.Bind(p.Name, p.Options)
		k.inputBelow(key, err)
	}
}

// input takes over an error whose field is the whole key.
func (k *checker) input(err error) { k.inputBelow("", err) }

func (k *checker) inputBelow(key string, err error) {
	if bad, ok := errors.AsType[*perdure.InputError](err); ok {
		k.refuse(below(key, bad.Field), bad.Message)
	} else if err != nil {
		k.refuse(key, err.Error())
	}
}

func (k *checker) headers(key string, s *Service) {
	secret := map[string]string{}
	for i, name := range s.SecretHeaders {
		secret[http.CanonicalHeaderKey(name)] = "secretHeaders"
		if !httpguts.ValidHeaderFieldName(name) {
			k.refuse(element(key, "secretHeaders", i), "is no header name")
		}
	}
	if s.Auth != nil && s.Auth.Header != "" {
		secret[http.CanonicalHeaderKey(s.Auth.Header)] = "auth.header"
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		header := below(key, "headers."+name)
		where := secret[http.CanonicalHeaderKey(name)]
		switch strings.ToLower(name) {
		case "authorization", "proxy-authorization", "cookie":
			where = "auth"
		}
		if where != "" {
			k.refuse(header, "is a secret's header ("+where+"), and no secret is written into the configuration: name its source with auth's env or file")
			continue
		}
		if bad, ok := errors.AsType[*perdure.InputError](perdure.CheckHeaders("headers", map[string][]string{name: s.Headers[name]})); ok {
			k.refuse(header, bad.Message)
		}
	}
}

func (k *checker) idempotency(key string, i *Idempotency) {
	if i == nil || !k.exactlyOne(key, map[string]string{"header": i.Header, "query": i.Query, "body": i.Body, "form": i.Form}) {
		return
	}
	if i.Header != "" && !httpguts.ValidHeaderFieldName(i.Header) {
		k.refuse(below(key, "header"), "is no header name")
	}
	if i.Form != "" && !slices.Contains(forms, i.Form) {
		k.refuse(below(key, "form"), fmt.Sprintf("is %q, want %s", i.Form, strings.Join(forms, " or ")))
	}
}

func element(key, field string, i int) string { return fmt.Sprintf("%s.%s[%d]", key, field, i) }
