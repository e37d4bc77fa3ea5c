package protocoltest

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// unknownWord is a word that no service has for how an operation goes.
const unknownWord = "zz_some_word_to_come"

// checkWords: words compare without case, and a word that nobody knows means running.
func (s Suite) checkWords(t assert.TestingT, points []point) {
	for _, p := range points {
		word := p.step.ServiceStatus
		if word == "" || p.fetching || p.exchange.Status >= http.StatusBadRequest || p.scenario.Adopt != nil && p.before == nil {
			continue
		}
		if !s.ExactWords {
			for _, variant := range []string{strings.ToUpper(word), strings.ToLower(word), alternating(word)} {
				s.checkWord(t, p, variant, p.step.Outcome, p.step.Fetch)
			}
		}
		s.checkWord(t, p, unknownWord, protocol.Running, false)
	}
}

// checkWord plays a point with its word replaced by another.
func (s Suite) checkWord(t assert.TestingT, p point, word string, outcome protocol.Outcome, fetch bool) {
	helper(t)
	value := regexp.MustCompile(`(:\s*)` + regexp.QuoteMeta(quote(p.step.ServiceStatus)))
	e := p.exchange
	e.Body = value.ReplaceAll(e.Body, []byte("${1}"+quote(word)))
	if string(e.Body) == string(p.exchange.Body) {
		return // the word is not in the body, or spelled like this already
	}
	step, err := s.bind(t, p.scenario).read(p.before, e)
	if !assert.NoError(t, err, "the word %q", word) {
		return
	}
	assert.Equal(t, outcome, step.Outcome, "the outcome of the word %q", word)
	assert.Equal(t, fetch, step.Fetch, "the word %q asks for the value", word)
	assert.Equal(t, word, step.ServiceStatus, "the service's own word, untouched")
}

// read is Started or Answered.
func (b *subject) read(before json.RawMessage, e protocol.Exchange) (protocol.Step, error) {
	helper(b.t)
	if before == nil {
		return b.started(e)
	}
	return b.answered(before, e)
}

func quote(word string) string {
	raw, _ := json.Marshal(word)
	return string(raw)
}

// alternating is wOrD.
func alternating(word string) string {
	upper := true
	return strings.Map(func(r rune) rune {
		upper = !upper
		if upper {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, word)
}

// checkRelative: a URL in a header may be relative to the one that named it (RFC
// 3986, section 5.2).
func (s Suite) checkRelative(t assert.TestingT, points []point) {
	for _, p := range points {
		e, some := relative(p.exchange)
		if !some || p.exchange.Status >= http.StatusBadRequest || p.scenario.Adopt != nil && p.before == nil {
			continue
		}
		b := s.bind(t, p.scenario)
		step, err := b.read(p.before, e)
		if !assert.NoError(t, err, "%s: relative URLs in %v", p.turn.Asks, e.Header) || !step.Fetch && step.Outcome != protocol.Running {
			continue
		}
		want, _ := b.next(p.step.State)
		got, err := b.next(step.State)
		assert.NoError(t, err, "%s: relative URLs in %v", p.turn.Asks, e.Header)
		assert.Equal(t, want, got, "%s: relative URLs in %v", p.turn.Asks, e.Header)
	}
}

// relative is an exchange whose headers name URLs of its own origin by their paths.
func relative(e protocol.Exchange) (protocol.Exchange, bool) {
	own, err := url.Parse(e.URL)
	if err != nil {
		return e, false
	}
	some := false
	e.Header = e.Header.Clone()
	for name, values := range e.Header {
		for i, v := range values {
			if u, err := url.Parse(v); err == nil && u.Scheme == own.Scheme && u.Host == own.Host && strings.HasPrefix(u.Path, "/") {
				e.Header[name][i] = u.RequestURI()
				some = true
			}
		}
	}
	return e, some
}

// checkConcurrent: methods are safe for concurrent use. The race detector sees more
// than the comparison.
func (s Suite) checkConcurrent(t assert.TestingT, points []point) {
	for _, p := range points {
		b := s.bind(t, p.scenario)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if p.scenario.Adopt == nil || p.before != nil {
					if p.exchange.Status < http.StatusBadRequest {
						step, err := b.read(p.before, p.exchange)
						assert.NoError(t, err)
						assert.Equal(t, p.step, step, "called by several goroutines")
					}
				}
				_, _, _ = b.cancel(p.step.State)
				_, _ = b.next(p.step.State)
			})
		}
		wg.Wait()
	}
}

// checkPace: a delay rule never gives a negative wait.
func (s Suite) checkPace(t assert.TestingT) {
	b := s.bind(t, Scenario{Options: s.anyOptions()})
	if b == nil {
		return
	}
	pacer, ok := b.Bound.(protocol.Pacer)
	if !ok {
		return
	}
	for _, n := range []int{math.MinInt, -1, 0, 1, 2, 10, 63, 64, 1000, math.MaxInt} {
		for _, random := range []float64{0, 0.5, math.Nextafter(1, 0)} {
			assert.GreaterOrEqual(t, pacer.Pace(n, random), time.Duration(0), "the wait after question %d", n)
			assert.Equal(t, pacer.Pace(n, random), pacer.Pace(n, random), "the wait after question %d", n)
		}
	}
}

// anyOptions are options that bind: those of the first scenario.
func (s Suite) anyOptions() string {
	if len(s.Scenarios) == 0 {
		return ""
	}
	return s.Scenarios[0].Options
}
