package perduretest

import (
	"net/http"
	"net/url"
	"time"
)

// Request is one request as it arrived.
type Request struct {
	// At is when it arrived; in a synctest bubble it is the bubble's time.
	At     time.Time
	Method string
	// URL is absolute when it came by [Service.Client], a path and a query
	// when it came by [Service.URL].
	URL    *url.URL
	Host   string
	Header http.Header
	// Body is nil where the connection was dropped before it was read.
	Body []byte
}

func arrival(r *http.Request) Request {
	requestURL := *r.URL
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return Request{At: time.Now(), Method: r.Method, URL: &requestURL, Host: host, Header: r.Header.Clone()}
}

func (r Request) line() string { return r.Method + " " + r.URL.RequestURI() }
