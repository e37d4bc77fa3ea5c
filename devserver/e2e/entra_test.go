package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// entraHost is where azidentity asks, by https alone, for a client's token.
const (
	entraHost = "login.microsoftonline.com"
	tenant    = "11111111-1111-1111-1111-111111111111"
)

// entra stands for Microsoft Entra ID. Nothing of it is at that address: it is a proxy
// whose tunnels all lead to it, and that gives other requests to a service.
type entra struct {
	*httptest.Server // the proxy
	caFile           string
	inside           *httptest.Server
}

// newEntra answers with what issue answers, and as service for all else.
func newEntra(t *testing.T, issue http.HandlerFunc, service http.Handler) *entra {
	t.Helper()
	certificate, caFile := certificateOf(t, entraHost)
	e := &entra{caFile: caFile, inside: httptest.NewUnstartedServer(entraPages(issue))}
	e.inside.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	e.inside.StartTLS()
	t.Cleanup(e.inside.Close)
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			e.tunnel(w, r)
			return
		}
		service.ServeHTTP(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

// entraPages are those that a client with a secret asks for.
func entraPages(issue http.HandlerFunc) http.Handler {
	authority := "https://" + entraHost + "/" + tenant
	mux := http.NewServeMux()
	mux.HandleFunc("GET /common/discovery/instance", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"tenant_discovery_endpoint":"%s/v2.0/.well-known/openid-configuration","metadata":[]}`, authority)
	})
	mux.HandleFunc("GET /"+tenant+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"authorization_endpoint":"%[1]s/authorize","token_endpoint":"%[1]s/oauth2/v2.0/token","issuer":"%[1]s/v2.0"}`, authority)
	})
	mux.HandleFunc("POST /"+tenant+"/oauth2/v2.0/token", issue)
	return mux
}

func (e *entra) tunnel(w http.ResponseWriter, r *http.Request) {
	if r.Host != entraHost+":443" {
		http.Error(w, "not from here: "+r.Host, http.StatusForbidden)
		return
	}
	inside, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", e.inside.Listener.Addr().String())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	outside, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = inside.Close()
		return
	}
	_, _ = io.WriteString(outside, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(inside, buffered); _ = inside.Close() }()
	go func() { _, _ = io.Copy(outside, inside); _ = outside.Close() }()
}

// settings are the service's behind it.
func (e *entra) settings() string {
	return fmt.Sprintf("    auth: {type: azure, scopes: [\"https://management.azure.com/.default\"]}\n    proxy: %s\n    tls: {caFile: %s}\n", e.URL, e.caFile)
}

// environment has a client's secret.
func (*entra) environment(secret string) []string {
	return []string{
		"AZURE_TOKEN_CREDENTIALS=EnvironmentCredential", "AZURE_TENANT_ID=" + tenant,
		"AZURE_CLIENT_ID=22222222-2222-2222-2222-222222222222", "AZURE_CLIENT_SECRET=" + secret,
	}
}

// certificateOf a host, signed by itself, and the file that has it trusted.
func certificateOf(t *testing.T, host string) (certificate tls.Certificate, caFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	caFile = filepath.Join(t.TempDir(), strings.ReplaceAll(host, ".", "-")+".pem")
	require.NoError(t, os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, caFile
}
