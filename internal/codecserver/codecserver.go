package codecserver

import (
	"fmt"
	"log/slog"
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
	// Guards let requests in; one of them is enough.
	Guards []Guard
	// Origins are those of the web UIs, such as "https://temporal.example.com".
	Origins []string
	// Logger is told why a request was not let in. It is told no token.
	Logger *slog.Logger
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

// allowedHeaders are those of the web UI's requests, as it has them in ui-server v2.55.0:
// a preflight that left out one would keep the browser from asking.
const allowedHeaders = "Authorization, " + extrasHeader + ", Content-Type, X-Namespace"

// ServeHTTP answers preflight requests without a token, as browsers send them.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); slices.Contains(s.Origins, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Allow-Headers", allowedHeaders)
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
	if err := oneOf(s.Guards, func(admit Guard) error { return admit(r) }); err != nil {
		s.refuse(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	s.Payloads.ServeHTTP(w, r)
}

// refuse tells the caller what they can do about it, and the log why.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := status(err)
	words := "it cannot be said now whether this token may read: try again"
	level := slog.LevelWarn
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
		words, level = "want a bearer token that is known here", slog.LevelInfo
	case http.StatusForbidden:
		words, level = "who has this token may not read", slog.LevelInfo
	}
	s.Logger.Log(r.Context(), level, "request refused", "status", status, "error", err)
	http.Error(w, words, status)
}
