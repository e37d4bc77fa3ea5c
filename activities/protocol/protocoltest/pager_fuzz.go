package protocoltest

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// FuzzPager fuzzes a pager's methods with answers at every page of the scenarios.
// Seeds are the scenarios' own answers and the hostile ones of the suite.
func FuzzPager(f *testing.F, pager protocol.Pager, scenarios ...PageScenario) {
	f.Helper()
	s := pagerSuite{pager, scenarios}
	var points []pagePoint
	for _, sc := range scenarios {
		if sc.Refused == "" {
			points = append(points, s.play(f, sc)...)
		}
	}
	require.NotEmpty(f, points, "scenarios")
	for i, p := range points {
		f.Add(uint16(i), "Link", p.exchange.Header.Get("Link"), p.exchange.Body)
	}
	for i, body := range hostileBodies() {
		f.Add(uint16(i), "X-Next", "1", []byte(body))
	}
	for i, value := range hostileLinks() {
		f.Add(uint16(i), "Link", value, []byte(`{}`))
	}
	f.Fuzz(func(t *testing.T, at uint16, header, value string, body []byte) {
		p := points[int(at)%len(points)]
		e := p.exchange
		e.Body = body
		e.Header = e.Header.Clone()
		e.Header[http.CanonicalHeaderKey(header)] = []string{value}
		s.bind(t, p.scenario).attackPage(p.first, e)
	})
}
