package webapp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"time"
)

//go:embed templates static
var files embed.FS

// static are the static files. Their version, a digest of them, is in their addresses, so
// that a browser keeps them until they change.
var (
	static        = must(fs.Sub(files, "static"))
	staticVersion = must(digestOf(static))
)

// pages are the templates by name, each with the layout around it.
var pages = map[string]*template.Template{
	"items":   page("items"),
	"form":    page("form"),
	"build":   page("build"),
	"ask":     page("ask"),
	"answer":  page("answer"),
	"sign_in": page("sign_in"),
	"problem": page("problem"),
}

func page(name string) *template.Template {
	return template.Must(template.New("layout.html").
		Funcs(template.FuncMap{
			"static": func(file string) string { return "/static/" + staticVersion + "/" + file },
			"clock":  clock,
			"stamp":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		}).
		ParseFS(files, "templates/layout.html", "templates/"+name+".html"))
}

// view is what the layout shows.
type view struct {
	// Page is its name.
	Page  string
	Title string
	User  User // none: nobody is signed in
	// Live pages ask for themselves again, until they are not.
	Live bool
	// Script is the file of the script of live pages. Default: live.js.
	Script  string
	Content any
}

func (a *app) show(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Page = name
	var out bytes.Buffer
	if err := pages[name].Execute(&out, v); err != nil {
		a.log.ErrorContext(r.Context(), "a page cannot be shown", "page", name, "error", err)
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a browser that has gone needs no answer
}

// refuse says why something cannot be shown.
func (a *app) refuse(w http.ResponseWriter, r *http.Request, user User, err error) {
	if errors.Is(err, context.Canceled) {
		return // the browser has gone
	}
	p := problemOf(err)
	if p.Unforeseen {
		a.log.ErrorContext(r.Context(), "unforeseen", "path", r.URL.Path, "error", err)
	}
	a.say(w, r, user, p)
}

type problemView struct {
	problem

	// Retry is the address to try again; Form is what is sent to it again, where a form was.
	Retry string
	Form  url.Values
}

// retryAfterSeconds is what programs are told that ask again by themselves.
const retryAfterSeconds = "5"

func (a *app) say(w http.ResponseWriter, r *http.Request, user User, p problem) {
	v := problemView{problem: p}
	if p.Again {
		w.Header().Set("Retry-After", retryAfterSeconds)
		v.Retry = r.URL.RequestURI()
	}
	if r.Method == http.MethodPost {
		v.Form = r.PostForm
	}
	a.show(w, r, p.Status, "problem", view{Title: p.Title, User: user, Content: v})
}

func (a *app) notFound(w http.ResponseWriter, r *http.Request) {
	user, _ := a.sessions.user(r)
	a.say(w, r, user, problem{Status: http.StatusNotFound, Title: "There is no such page", Words: "Nothing is kept at this address."})
}

// serveStatic serves a static file. An older version's address, which a browser may have
// from another instance, gives the file of this one, to be asked for again.
func serveStatic(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("version") == staticVersion {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeFileFS(w, r, static, r.PathValue("file")) //nolint:gosec // static has nothing else
}

func digestOf(dir fs.FS) (string, error) {
	digest := sha256.New()
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(dir, name)
		digest.Write([]byte(name))
		digest.Write(content)
		return err
	})
	return hex.EncodeToString(digest.Sum(nil))[:16], err
}

// must is for what is in the binary.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
