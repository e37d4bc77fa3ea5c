package jobservice

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// unauthorized gives the answer to a request without the credentials that are
// asked for.
func (s *Service) unauthorized(r *http.Request) (answer, bool) {
	if s.options.BearerToken != "" && !same(r.Header.Get("Authorization"), "Bearer "+s.options.BearerToken) {
		return refuseCredentials("Bearer"), true
	}
	if s.options.APIKey != "" && !same(r.Header.Get(s.options.APIKeyHeader), s.options.APIKey) {
		return refuseCredentials("ApiKey"), true
	}
	return answer{}, false
}

func refuseCredentials(scheme string) answer {
	a := refuse(http.StatusUnauthorized, "invalid_api_key", "", "credentials are missing or wrong")
	a.header.Set("WWW-Authenticate", scheme)
	return a
}

func same(got, want string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 }

// bookedHeaders are the headers without credentials and cookies.
func (s *Service) bookedHeaders(header http.Header) http.Header {
	booked := header.Clone()
	for _, secret := range []string{
		"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key",
		"Ocp-Apim-Subscription-Key", "X-Goog-Api-Key", "X-Amz-Security-Token", s.options.APIKeyHeader,
	} {
		booked.Del(secret)
	}
	for _, values := range booked {
		for i, value := range values {
			values[i] = s.redacted(value)
		}
	}
	return booked
}

// redacted is the text without the service's own credentials.
func (s *Service) redacted(text string) string {
	for _, secret := range []string{s.options.BearerToken, s.options.APIKey} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "REDACTED")
		}
	}
	return text
}
