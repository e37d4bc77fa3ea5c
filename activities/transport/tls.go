package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/perdure-dev/perdure"
)

// TLS names the certificates that are a service's own. The files are PEM, and are read
// again when they change.
type TLS struct {
	// CAFile holds the authorities that are trusted, instead of the system's.
	CAFile string
	// CertFile and KeyFile are what the worker shows of itself, chain included.
	CertFile, KeyFile string
}

func (t TLS) files() []string {
	return slices.DeleteFunc([]string{t.CAFile, t.CertFile, t.KeyFile}, func(file string) bool { return file == "" })
}

// Check reads a service's files. The error is a *perdure.CredentialError.
func (t TLS) Check(service string) error {
	_, err := t.config(service)
	return err
}

func (t TLS) check() error {
	switch {
	case t.CertFile == "" && t.KeyFile != "":
		return errors.New("tls.certFile: is missing beside keyFile")
	case t.CertFile != "" && t.KeyFile == "":
		return errors.New("tls.keyFile: is missing beside certFile")
	}
	return nil
}

// config reads the files.
func (t TLS) config(service string) (*tls.Config, error) {
	failed := func(file, message string) error {
		return &perdure.CredentialError{Service: service, Source: "file " + file, Message: message}
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		content, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, failed(t.CAFile, "cannot be read")
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(content) {
			return nil, failed(t.CAFile, "has no certificate in PEM")
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, failed(t.CertFile, "cannot be used with its key in "+t.KeyFile)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

// refusedCertificate reports whether a server broke off for want of a certificate that
// it takes. It did so before it read a request, also where TLS 1.3 let the client send
// one already (RFC 8446, 4.4.2.4).
func refusedCertificate(err error) bool {
	remote, ok := errors.AsType[*net.OpError](err)
	return ok && remote.Op == "remote error" && strings.Contains(remote.Err.Error(), "certificate")
}

// reloaded is a transport that is made anew when one of its files has changed, so that
// no connection outlives the certificates that it was made with.
type reloaded struct {
	service string
	tls     TLS
	build   func(*tls.Config) *http.Transport

	mu      sync.Mutex
	stamps  []fileStamp
	current *http.Transport
}

type fileStamp struct {
	mtime time.Time
	size  int64
}

// RoundTrip sends a request.
func (r *reloaded) RoundTrip(request *http.Request) (*http.Response, error) {
	t, err := r.transport()
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(request)
}

// transport is the one of the files as they are. While they cannot be used, as in the
// middle of being written, the one before stays.
func (r *reloaded) transport() (*http.Transport, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stamps := stampsOf(r.tls.files())
	if r.current != nil && slices.Equal(stamps, r.stamps) {
		return r.current, nil
	}
	config, err := r.tls.config(r.service)
	switch {
	case err != nil && r.current == nil:
		return nil, err
	case err != nil:
		return r.current, nil
	case r.current != nil:
		r.current.CloseIdleConnections()
	}
	r.current, r.stamps = r.build(config), stamps
	return r.current, nil
}

func stampsOf(files []string) []fileStamp {
	out := make([]fileStamp, len(files))
	for i, file := range files {
		if info, err := os.Stat(file); err == nil {
			out[i] = fileStamp{info.ModTime(), info.Size()}
		}
	}
	return out
}
