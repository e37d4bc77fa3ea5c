package transport_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
)

// authority issues certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t}
	template := template(name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a.cert, a.key = a.sign(template)
	return a
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
}

// sign signs a new key, an authority's own by itself.
func (a *authority) sign(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert, key
}

func certificatePEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// client writes a certificate and its key to two files.
func (a *authority) client(name string, files transport.TLS) {
	a.t.Helper()
	template := template(name)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	cert, key := a.sign(template)
	der, err := x509.MarshalECPrivateKey(key)
	require.NoError(a.t, err)
	write(a.t, files.CertFile, certificatePEM(cert))
	write(a.t, files.KeyFile, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
}

func (a *authority) server() tls.Certificate {
	a.t.Helper()
	template := template("server")
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	cert, key := a.sign(template)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// strict is a server that demands a certificate of an authority, and notes whose it
// got.
type strict struct {
	*httptest.Server
	requests atomic.Int64
	client   atomic.Value
}

func newStrict(t *testing.T, own, clients *authority) *strict {
	t.Helper()
	s := &strict{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		s.client.Store(r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	s.Config.ErrorLog = quiet()
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own.server()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients.pool()}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// tlsFiles are paths in a folder of their own.
func tlsFiles(t *testing.T) transport.TLS {
	t.Helper()
	dir := t.TempDir()
	return transport.TLS{CAFile: filepath.Join(dir, "ca.pem"), CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
}

func withTLS(files transport.TLS) func(*transport.Config) {
	return func(c *transport.Config) { c.TLS = files }
}

func ask(t *testing.T, s *transport.Service, rawURL string, start bool) error {
	t.Helper()
	method := http.MethodGet
	if start {
		method = http.MethodPost
	}
	resp, err := s.Do(t.Context(), transport.Request{Method: method, URL: parse(t, rawURL), Start: start})
	if err == nil {
		require.Equal(t, http.StatusOK, resp.Status)
	}
	return err
}

func TestClientCertificate(t *testing.T) {
	ours, theirs, strangers := newAuthority(t, "ours"), newAuthority(t, "theirs"), newAuthority(t, "strangers")
	s := newStrict(t, theirs, ours)
	files := tlsFiles(t)
	write(t, files.CAFile, certificatePEM(theirs.cert))
	service := newService(t, s.URL, withTLS(files))
	for _, start := range []bool{false, true} {
		s.requests.Store(0)
		ours.client("worker", files)
		require.NoError(t, ask(t, service, s.URL, start))
		require.Equal(t, "worker", s.client.Load())

		ours.client("worker, renewed", files)
		require.NoError(t, ask(t, service, s.URL, start))
		require.Equal(t, "worker, renewed", s.client.Load())

		write(t, files.KeyFile, "half a ke")
		require.NoError(t, ask(t, service, s.URL, start), "what was there before is used")
		require.Equal(t, "worker, renewed", s.client.Load())

		strangers.client("worker", files)
		var failure *transport.SendError
		require.ErrorAs(t, ask(t, service, s.URL, start), &failure)
		require.True(t, failure.Unsent, failure)
		require.EqualValues(t, 3, s.requests.Load())
	}
	none := newService(t, s.URL, withTLS(transport.TLS{CAFile: files.CAFile}))
	var failure *transport.SendError
	require.ErrorAs(t, ask(t, none, s.URL, true), &failure)
	require.True(t, failure.Unsent, failure)
}

func TestAuthorityThatChanges(t *testing.T) {
	ours, first, second := newAuthority(t, "ours"), newAuthority(t, "first"), newAuthority(t, "second")
	before, after := newStrict(t, first, ours), newStrict(t, second, ours)
	files := tlsFiles(t)
	ours.client("worker", files)
	write(t, files.CAFile, certificatePEM(first.cert))
	service := newService(t, before.URL, withTLS(files), func(c *transport.Config) { c.AllowedOrigins = []string{after.URL} })
	require.NoError(t, ask(t, service, before.URL, false))
	require.Error(t, ask(t, service, after.URL, false))
	write(t, files.CAFile, certificatePEM(second.cert)+"\n")
	require.NoError(t, ask(t, service, after.URL, false))
	require.Error(t, ask(t, service, before.URL, false), "nor over a connection of before")
}

func TestCertificatesThatWereNeverGood(t *testing.T) {
	ours := newAuthority(t, "ours")
	tests := []struct {
		name string
		make func(files transport.TLS)
		want func(files transport.TLS) (file, message string)
	}{
		{
			"no authorities", func(files transport.TLS) { ours.client("worker", files) },
			func(files transport.TLS) (string, string) { return files.CAFile, "cannot be read" },
		},
		{
			"authorities that are none", func(files transport.TLS) { write(t, files.CAFile, "s3cret") },
			func(files transport.TLS) (string, string) { return files.CAFile, "has no certificate in PEM" },
		},
		{
			"no certificate", func(files transport.TLS) { write(t, files.CAFile, certificatePEM(ours.cert)) },
			func(files transport.TLS) (string, string) {
				return files.CertFile, "cannot be used with its key in " + files.KeyFile
			},
		},
		{"another's key", func(files transport.TLS) {
			write(t, files.CAFile, certificatePEM(ours.cert))
			ours.client("worker", files)
			write(t, files.CertFile, certificatePEM(ours.cert))
		}, func(files transport.TLS) (string, string) {
			return files.CertFile, "cannot be used with its key in " + files.KeyFile
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := tlsFiles(t)
			tt.make(files)
			service := newService(t, "https://127.0.0.1:1", withTLS(files))
			file, message := tt.want(files)
			var missing *perdure.CredentialError
			for _, err := range []error{ask(t, service, "https://127.0.0.1:1", true), files.Check("jobs")} {
				require.ErrorAs(t, err, &missing)
				require.Equal(t, perdure.CredentialError{Service: "jobs", Source: "file " + file, Message: message}, *missing)
			}
		})
	}
}

func TestTLSOfHalves(t *testing.T) {
	_, err := transport.NewService(transport.Config{BaseURL: "https://h", TLS: transport.TLS{CertFile: "c"}})
	require.EqualError(t, err, "tls.keyFile: is missing beside certFile")
	_, err = transport.NewService(transport.Config{BaseURL: "https://h", TLS: transport.TLS{KeyFile: "k"}})
	require.EqualError(t, err, "tls.certFile: is missing beside keyFile")
}
