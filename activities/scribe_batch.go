package activities

import (
	"time"

	"github.com/perdure-dev/perdure"
)

// Bounds of a batch. One event may be larger.
const (
	maxBatchBytes  = 512 << 10
	maxBatchEvents = 5_000
)

// batch takes the next batch out of what is pending. Each says how things are now; what
// has been told once is left out.
func (s *scribe) batch() (perdure.Batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events, at := s.cut()
	all := len(s.pending) == 0
	b := perdure.Batch{
		Writer: s.writer, First: s.next, Events: events, LastEventID: s.lastIDAt(at, s.next+len(events)),
		Service: s.told.service, Protocol: s.told.protocol, SearchAttributes: s.told.attributes,
		Response: s.told.response, LastError: s.told.lastError, Reconnects: s.told.reconnects,
	}
	s.next += len(events)
	s.told.service, s.told.protocol, s.told.attributes, s.told.response = "", "", nil, nil
	if all {
		b.End = s.told.end
	}
	if err := s.sealInto(&b, at, all && s.urgent); err != nil {
		return perdure.Batch{}, err
	}
	s.urgent = s.urgent && !all
	ring(s.room)
	return b, nil
}

// lastIDAt is the stream's last event id at a place, which may be before what the log has:
// next is the offset that it goes on with.
func (s *scribe) lastIDAt(at place, next int) string {
	if at.next < next {
		return s.lastID
	}
	return at.at.LastEventID
}

// cut takes as many events as a batch holds, and gives the place after them.
func (s *scribe) cut() (events []perdure.RecordedEvent, at place) {
	size, n := 0, 0
	for ; n < len(s.pending) && n < maxBatchEvents; n++ {
		if size += s.pending[n].size; size > maxBatchBytes && n > 0 {
			break
		}
		events = append(events, s.pending[n].event)
		s.size -= s.pending[n].size
	}
	if n == len(s.pending) {
		s.pending = nil
		return events, s.at
	}
	at = s.pending[n-1].after
	s.pending = s.pending[n:]
	return events, at
}

// inTwo is a batch in two, each with less in it: first half of the events, where there are
// several; else what goes along with one goes by itself, the service's answer before it,
// the state and the end after it. Not ok: it is as small as it gets.
func (s *scribe) inTwo(b perdure.Batch) (first, rest perdure.Batch, ok bool) {
	n := len(b.Events) / 2
	switch {
	case n > 0:
	case b.Response != nil && (len(b.Events) > 0 || b.Sealed != ""):
	case len(b.Events) > 0 && b.Sealed != "":
		n = 1
	default:
		return first, rest, false
	}
	first, rest = b, b
	first.Events, rest.Events, rest.First = b.Events[:n], b.Events[n:], b.First+n
	first.LastEventID = s.lastID
	if n > 0 {
		first.LastEventID = b.Events[n-1].ID
	}
	first.Sealed, first.End, rest.Response = "", nil, nil
	return first, rest, true
}

// sealInto seals the state at the batch's end, where that is due: with all that is told; with
// the first place from which the stream can be taken up; else now and then; and in a long
// silence before the last seal is so old that nobody could open it to take the stream up.
func (s *scribe) sealInto(b *perdure.Batch, at place, now bool) error {
	if !s.told.answered || !now && !s.seals.isDue(at) && !s.isOld() {
		return nil
	}
	var end *perdure.StreamEnd
	if b.End != nil && s.told.final {
		end = b.End
	}
	sealed, err := s.seal(at, end)
	if err != nil {
		return err
	}
	b.Sealed = sealed
	s.seals.note(at, len(sealed))
	return nil
}

// How often the state is sealed. Each time it is in the history, with the request where that
// may be sent again, so the larger it is, the less often.
const (
	sealEvery     = time.Second
	sealBytesEach = 16 << 10
)

// seals is when the state was sealed last, and where.
type seals struct {
	at    place
	last  time.Time
	every time.Duration
}

func (s *seals) note(at place, size int) {
	*s = seals{at: at, last: time.Now(), every: sealEvery * time.Duration(1+size/sealBytesEach)}
}

// behind: events have come since.
func (s *seals) behind(at place) bool { return !s.last.IsZero() && s.at.next != at.next }

func (s *seals) due() time.Time { return s.last.Add(s.every) }

func (s *seals) isDue(at place) bool {
	return s.at.at.None() && !at.at.None() || s.behind(at) && !time.Now().Before(s.due())
}
