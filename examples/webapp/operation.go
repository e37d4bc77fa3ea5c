package webapp

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// Index is the value of the operation: a search index, which the service calls a vector
// store.
type Index struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	UsageBytes int    `json:"usage_bytes"`
	FileCounts struct {
		Completed int `json:"completed"`
		Total     int `json:"total"`
	} `json:"file_counts"`
}

// Build is an operation that builds an index.
type Build struct {
	Status perdure.Status
	// Index is there when it has succeeded.
	Index Index
}

// Indexes builds them.
type Indexes interface {
	// Start starts the operation that a form asks for, and gives the token that finds it
	// again. The same form of the same user is the same operation, however often sent.
	Start(ctx context.Context, user User, form, name string) (tokens.Token, error)
	// Look says how the operation goes that the token names. A token that was not made
	// for the user is refused with [tokens.ErrAudience].
	Look(ctx context.Context, user User, token tokens.Token) (Build, error)
}

// formView is the form that starts an operation.
type formView struct {
	// Form names this copy of the form: see [Indexes].Start.
	Form, Name string
	// Fault says what is wrong with the name.
	Fault string
}

const maxName = 80

// formName is what [rand.Text] gives.
var formName = regexp.MustCompile(`^[A-Z2-7]{26}$`)

func (a *app) showForm(w http.ResponseWriter, r *http.Request, user User) {
	a.form(w, r, user, http.StatusOK, formView{})
}

func (a *app) form(w http.ResponseWriter, r *http.Request, user User, status int, v formView) {
	v.Form = rand.Text()
	a.show(w, r, status, "form", view{Title: "Build an index", User: user, Content: v})
}

func (a *app) startBuild(w http.ResponseWriter, r *http.Request, user User) {
	form, name := r.PostFormValue("form"), strings.TrimSpace(r.PostFormValue("name"))
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName || !utf8.ValidString(name) || !formName.MatchString(form) {
		a.form(w, r, user, http.StatusUnprocessableEntity, formView{Name: name, Fault: "Give a name of 1 to 80 characters."})
		return
	}
	token, err := a.indexes.Start(r.Context(), user, form, name)
	if errors.Is(err, &perdure.OperationError{Type: perdure.ErrorIDConflict}) {
		a.form(w, r, user, http.StatusConflict, formView{Name: name, Fault: "This form was sent before, with another name. Send it again to build one more index."})
		return
	}
	if err != nil {
		a.refuse(w, r, user, err)
		return
	}
	http.Redirect(w, r, "/indexes?"+url.Values{"build": {token.Text()}}.Encode(), http.StatusSeeOther)
}

// showBuild shows how an operation goes. Nothing of it is in this process: the address
// has the token, and whoever answers it takes the operation up from there.
func (a *app) showBuild(w http.ResponseWriter, r *http.Request, user User) {
	if !r.URL.Query().Has("build") {
		http.Redirect(w, r, "/indexes/new", http.StatusSeeOther)
		return
	}
	token, err := tokens.Parse(r.URL.Query().Get("build"))
	if err != nil {
		a.refuse(w, r, user, err)
		return
	}
	build, err := a.indexes.Look(r.Context(), user, token)
	if err != nil {
		a.refuse(w, r, user, err)
		return
	}
	v := progressOf(build)
	a.show(w, r, http.StatusOK, "build", view{Title: v.Title, User: user, Live: !v.Done, Content: v})
}
