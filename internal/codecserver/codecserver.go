package codecserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRequestBytes bounds what is to be decoded at once: a page of a history in the web UI.
const maxRequestBytes = 32 << 20

// Options of New. All are required, but that Origins may be empty.
type Options struct {
	// Payloads serves /encode, /decode and /download.
	Payloads http.Handler
	// Token gives the bearer token, for each request.
	Token func() (string, error)
	// Origins are those of the web UIs, such as "https://temporal.example.com".
	Origins []string
}

// New checks the origins.
func New(o Options) (http.Handler, error) {
	for _, origin := range o.Origins {
		if err := checkOrigin(origin); err != nil {
			return nil, err
		}
	}
	return &server{o}, nil
}

func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || origin != strings.ToLower(u.Scheme+"://"+u.Host) {
		return fmt.Errorf("origin %q: want scheme, host and port alone, as browsers send them: https://temporal.example.com", origin)
	}
	return nil
}

type server struct{ Options }

// ServeHTTP answers preflight requests without a token, as browsers send them.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); slices.Contains(s.Origins, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
		w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
		w.Header().Set("Access-Control-Max-Age", "600")
	} else if origin != "" {
		http.Error(w, "pages of this origin may not ask", http.StatusForbidden)
		return
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	switch allowed, err := s.allowed(r); {
	case err != nil:
		http.Error(w, "the token cannot be read", http.StatusServiceUnavailable)
	case !allowed:
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "want the bearer token", http.StatusUnauthorized)
	default:
		r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
		s.Payloads.ServeHTTP(w, r)
	}
}

func (s *server) allowed(r *http.Request) (bool, error) {
	want, err := s.Token()
	if err != nil {
		return false, err
	}
	if want == "" {
		return false, errors.New("the token is empty")
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && equal(given, want), nil
}

// equal takes the same time wherever they differ, and however long they are.
func equal(a, b string) bool {
	da, db := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(da[:], db[:]) == 1
}
