package codecserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
)

// BearerToken lets in requests that carry the token, which is asked for anew each time.
func BearerToken(token func() (string, error)) Guard {
	return func(r *http.Request) error {
		want, err := token()
		if err != nil {
			return err
		}
		if want == "" {
			return errors.New("the bearer token is empty")
		}
		if !equal(bearer(r), want) {
			return ErrUnauthenticated
		}
		return nil
	}
}

// bearer is the request's bearer token, or empty.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// equal takes the same time wherever they differ, and however long they are.
func equal(a, b string) bool {
	da, db := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(da[:], db[:]) == 1
}
