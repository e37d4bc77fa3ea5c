package activities_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A stream that is kept open by comments, and has no event for long, is sealed anew all the
// same: before its token is too old, and when the keys have been rotated. Whoever takes it
// up must be able to open what the log has.
func TestAStreamWithoutEventsIsSealedAnew(t *testing.T) {
	const silence = 10 * time.Hour
	service := func(w http.ResponseWriter, r *http.Request) {
		events("id: 1\ndata: a\n\n")(w, r)
		for range int(silence / time.Minute) {
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Minute)
			_, _ = io.WriteString(w, ":\n")
		}
		events("id: 2\ndata: b\n\n")(w, r)
	}
	for _, test := range []struct {
		name     string
		lifetime time.Duration
		rotated  bool
		want     int // times in the silence
	}{
		{"no lifetime", 0, false, 0},
		{"a lifetime that is long", 50 * time.Hour, false, 0},
		{"a lifetime", 4 * time.Hour, false, 9},
		{"rotated", 0, true, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			overStream(t, service, func(d *streamDesk) {
				t := d.t
				begin := time.Now()
				d.options.TokenLifetime = test.lifetime
				if test.rotated {
					time.AfterFunc(silence/2, func() { _, _ = d.options.Keyset.Rotate() })
				}
				require.NoError(t, d.read(feed()))
				d.requireEnd("")
				got := 0
				for i, b := range d.log.batches {
					at := d.log.at[i].Sub(begin)
					if b.Sealed == "" || at < time.Minute || at >= silence {
						continue
					}
					got++
					require.Empty(t, b.Events)
					h, _, err := d.options.Keyset.OpenState(b.Sealed)
					require.NoError(t, err)
					require.Equal(t, d.options.Keyset.PrimaryKeyID(), h.KeyID)
				}
				require.Equal(t, test.want, got)
			})
		})
	}
}
