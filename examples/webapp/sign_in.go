package webapp

import (
	"net/http"
	"net/url"
	"strings"
)

type signInView struct {
	Users []User
	// Then is where one goes when signed in.
	Then string
}

func (a *app) showSignIn(w http.ResponseWriter, r *http.Request) {
	a.askWho(w, r, http.StatusOK, r.URL.Query().Get("then"))
}

func (a *app) askWho(w http.ResponseWriter, r *http.Request, status int, then string) {
	a.show(w, r, status, "sign_in", view{Title: "Sign in", Content: signInView{Users: users, Then: local(then)}})
}

func (a *app) signIn(w http.ResponseWriter, r *http.Request) {
	user, ok := userOf(r.PostFormValue("user"))
	if !ok {
		a.askWho(w, r, http.StatusUnprocessableEntity, r.PostFormValue("then"))
		return
	}
	if err := a.sessions.begin(w, user); err != nil {
		a.refuse(w, r, user, err)
		return
	}
	http.Redirect(w, r, local(r.PostFormValue("then")), http.StatusSeeOther) //nolint:gosec // to an address that is local
}

func (a *app) signOut(w http.ResponseWriter, r *http.Request) {
	a.sessions.end(w)
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// signedIn lets in users who are signed in, and sends others to sign in and come back.
func (a *app) signedIn(handle func(http.ResponseWriter, *http.Request, User)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, ok := a.sessions.user(r)
		if ok {
			handle(w, r, user)
			return
		}
		to := "/sign-in"
		if r.Method == http.MethodGet {
			to += "?then=" + url.QueryEscape(r.URL.RequestURI())
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}

// local gives an address of this application as it is, and the first page's in place of
// any other.
func local(address string) string {
	to, err := url.Parse(address)
	if err != nil || to.IsAbs() || to.Host != "" || !strings.HasPrefix(to.Path, "/") || strings.HasPrefix(to.Path, "//") || strings.Contains(address, `\`) {
		return "/items"
	}
	return address
}
