package chaos_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// link is the network between the workers and the service.
type link struct{ proxy *toxiproxy.Proxy }

func newLink(t *testing.T, upstream string) *link {
	t.Helper()
	zerolog.SetGlobalLevel(zerolog.Disabled) // a toxic has a logger of its own
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{proxy: toxiproxy.NewProxy(server, "chaos", "127.0.0.1:0", upstream)}
	require.NoError(t, l.proxy.Start())
	t.Cleanup(l.proxy.Stop)
	return l
}

// url is where the workers find the service.
func (l *link) url() string { return "http://" + l.proxy.Listen }

// disturbance is a way in which the link is no good: the proxy's toxic, or none where it
// is down.
type disturbance struct {
	toxic  string
	stream string
	loses  bool
	// drawn are the toxic's attributes.
	drawn func(r *rand.Rand) map[string]any
}

func (d disturbance) String() string {
	if d.toxic == "" {
		return "proxy down"
	}
	return d.toxic + " " + d.stream
}

// disturbances are the proxy's toxics, each in both directions, and that it is down.
func disturbances() []disturbance {
	all := []disturbance{{loses: true}}
	for _, stream := range []string{"upstream", "downstream"} {
		all = append(all,
			disturbance{"latency", stream, false, func(r *rand.Rand) map[string]any {
				return map[string]any{"latency": 200 + r.IntN(2000), "jitter": r.IntN(200)}
			}},
			disturbance{"bandwidth", stream, true, func(r *rand.Rand) map[string]any { return map[string]any{"rate": 1 + r.IntN(4)} }},
			disturbance{"slicer", stream, false, func(r *rand.Rand) map[string]any {
				return map[string]any{"average_size": 32, "size_variation": 16, "delay": r.IntN(2000)}
			}},
			disturbance{"timeout", stream, true, func(r *rand.Rand) map[string]any { return map[string]any{"timeout": r.IntN(2) * 500} }},
			disturbance{"reset_peer", stream, true, func(r *rand.Rand) map[string]any { return map[string]any{"timeout": r.IntN(500)} }},
			disturbance{"limit_data", stream, true, func(r *rand.Rand) map[string]any { return map[string]any{"bytes": r.IntN(3000)} }},
		)
	}
	return all
}

// disturb makes the link bad, on the connections that there are and on new ones.
func (l *link) disturb(d disturbance, r *rand.Rand) error {
	if d.toxic == "" {
		l.proxy.Stop()
		return nil
	}
	text, err := json.Marshal(map[string]any{
		"name": d.String(), "type": d.toxic, "stream": d.stream, "toxicity": []float64{0.5, 1}[r.IntN(2)], "attributes": d.drawn(r),
	})
	if err != nil {
		return err
	}
	_, err = l.proxy.Toxics.AddToxicJson(strings.NewReader(string(text)))
	return err
}

// mend makes it good again.
func (l *link) mend(ctx context.Context, d disturbance) error {
	if d.toxic == "" {
		return l.proxy.Start()
	}
	return l.proxy.Toxics.RemoveToxic(ctx, d.String())
}

// disturbLink makes the link bad now and then, until ctx ends.
func (w *world) disturbLink(ctx context.Context) error {
	r := randomFor(w.size.seed, "link")
	dealt := deck[disturbance]{random: r, cards: disturbances()}
	for pause(ctx, between(r, time.Second, 6*time.Second)) {
		d := dealt.deal()
		end := w.journal.begin(d.String(), d.loses)
		if err := w.link.disturb(d, r); err != nil {
			return err
		}
		pause(ctx, between(r, time.Second, 8*time.Second))
		if err := w.link.mend(context.WithoutCancel(ctx), d); err != nil {
			return err
		}
		end()
	}
	return nil
}
