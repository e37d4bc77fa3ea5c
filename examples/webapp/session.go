package webapp

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// User is who is signed in. The ID is the audience of every token that is made for the
// user; with several tenants it would name the tenant, too.
type User struct{ ID, Name string }

// users are all there are. This is a demonstration: one signs in by choosing who to be,
// without a password. What comes after that is as it should be.
var users = []User{{"ada", "Ada"}, {"grace", "Grace"}, {"radia", "Radia"}}

func userOf(id string) (User, bool) {
	i := slices.IndexFunc(users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return users[i], true
}

// sessionLifetime is how long one stays signed in.
const sessionLifetime = 12 * time.Hour

// sessions are cookies and nothing else: any instance that has the keys reads them, and
// nobody who has not can write one, which is what makes the audience of a token mean
// something.
type sessions struct {
	keys tink.AEAD
	// https says that browsers come by HTTPS.
	https bool
}

type session struct {
	User  string    `json:"user"`
	Until time.Time `json:"until"`
}

// cookieName has a prefix with which browsers take the cookie by HTTPS only, and from
// this host only (RFC 6265bis, section 4.1.3.2).
func (s sessions) cookieName() string {
	if s.https {
		return "__Host-catalogue"
	}
	return "catalogue"
}

// user is who sent the request. False: nobody who is signed in.
func (s sessions) user(r *http.Request) (User, bool) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return User{}, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return User{}, false
	}
	raw, err := s.keys.Decrypt(sealed, []byte(s.cookieName()))
	if err != nil {
		return User{}, false
	}
	var opened session
	if err := json.Unmarshal(raw, &opened); err != nil || !time.Now().Before(opened.Until) {
		return User{}, false
	}
	return userOf(opened.User)
}

func (s sessions) begin(w http.ResponseWriter, user User) error {
	raw, err := json.Marshal(session{User: user.ID, Until: time.Now().Add(sessionLifetime)})
	if err != nil {
		return err
	}
	sealed, err := s.keys.Encrypt(raw, []byte(s.cookieName()))
	if err != nil {
		return err
	}
	s.set(w, base64.RawURLEncoding.EncodeToString(sealed), int(sessionLifetime.Seconds()))
	return nil
}

func (s sessions) end(w http.ResponseWriter) { s.set(w, "", -1) }

func (s sessions) set(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where browsers come by HTTPS
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.https, SameSite: http.SameSiteLaxMode,
	})
}
