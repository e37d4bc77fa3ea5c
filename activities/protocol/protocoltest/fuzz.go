package protocoltest

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Fuzz fuzzes a protocol's methods with answers at every point of the suite's
// scenarios. Seeds are the scenarios' own answers and the hostile ones of the suite.
func Fuzz(f *testing.F, s Suite) {
	f.Helper()
	var points []point
	for _, sc := range s.Scenarios {
		points = append(points, s.play(f, sc)...)
	}
	require.NotEmpty(f, points, "scenarios")
	for i, p := range points {
		f.Add(uint16(i), p.exchange.Status, "Location", p.exchange.Header.Get("Location"), p.exchange.Body)
	}
	for i, body := range hostileBodies() {
		f.Add(uint16(i), http.StatusAccepted, "Retry-After", "1", []byte(body))
	}
	names, values := hostileHeaders()
	for i, value := range values {
		f.Add(uint16(i), http.StatusAccepted, names[i%4], value, []byte(`{}`))
	}
	f.Fuzz(func(t *testing.T, at uint16, status int, header, value string, body []byte) {
		p := points[int(at)%len(points)]
		e := p.exchange
		e.Status, e.Body = 200+(max(status, -status)&0xff), body
		e.Header = e.Header.Clone()
		e.Header[http.CanonicalHeaderKey(header)] = []string{value}
		s.bind(t, p.scenario).attack(p.before, e)
	})
}
