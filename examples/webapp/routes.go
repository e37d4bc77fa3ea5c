package webapp

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// Options of New.
type Options struct {
	// Items, Indexes and Answers are what is shown. Required.
	Items   Items
	Indexes Indexes
	Answers Answers
	// Sessions seals and opens the cookies; the same for all instances. Required.
	Sessions tink.AEAD
	// HTTPS says that browsers come by HTTPS, through a proxy perhaps.
	HTTPS bool
	// Patience is how long a browser is kept waiting before it is told that there is no
	// answer yet. Default 8 s.
	Patience time.Duration
	// Logger default: [slog.Default].
	Logger *slog.Logger
}

const defaultPatience = 8 * time.Second

// app is the application.
type app struct {
	items    Items
	indexes  Indexes
	answers  Answers
	sessions sessions
	log      *slog.Logger
}

// New makes the application.
func New(o Options) (http.Handler, error) {
	if o.Items == nil || o.Indexes == nil || o.Answers == nil || o.Sessions == nil {
		return nil, errors.New("webapp: Items, Indexes, Answers and Sessions are required")
	}
	a := &app{
		items: o.Items, indexes: o.Indexes, answers: o.Answers,
		sessions: sessions{keys: o.Sessions, https: o.HTTPS},
		log:      cmp.Or(o.Logger, slog.Default()),
	}
	patience := cmp.Or(o.Patience, defaultPatience)
	return a.logged(guarded(o.HTTPS, a.ownForms(a.routes(patience)))), nil
}

// routes are those of pages, which are bounded in time, and those of events, which are not.
func (a *app) routes(patience time.Duration) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /chat/events", a.signedIn(a.sendAnswer))
	mux.Handle("/", patient(patience, a.pages()))
	return mux
}

func (a *app) pages() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/items", http.StatusSeeOther))
	mux.HandleFunc("GET /items", a.signedIn(a.showItems))
	mux.HandleFunc("GET /indexes", a.signedIn(a.showBuild))
	mux.HandleFunc("GET /indexes/new", a.signedIn(a.showForm))
	mux.HandleFunc("POST /indexes", a.signedIn(a.startBuild))
	mux.HandleFunc("GET /chat", a.signedIn(a.showChat))
	mux.HandleFunc("POST /chat", a.signedIn(a.ask))
	mux.HandleFunc("GET /sign-in", a.showSignIn)
	mux.HandleFunc("POST /sign-in", a.signIn)
	mux.HandleFunc("POST /sign-out", a.signOut)
	mux.HandleFunc("GET /static/{version}/{file}", serveStatic)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", a.notFound)
	return mux
}
