package jobservice

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"time"
)

// registry holds the operations. It is safe for concurrent use; operations are
// looked at and changed within its functions only.
type registry struct {
	max int

	mu      sync.Mutex
	byID    map[string]*operation
	byKind  map[Kind][]*operation // the oldest first
	replays map[replayKey]*operation
}

func newRegistry(limit int) *registry {
	return &registry{
		max:     limit,
		byID:    map[string]*operation{},
		byKind:  map[Kind][]*operation{},
		replays: map[replayKey]*operation{},
	}
}

// replay is how a repeated start is recognised.
type replay struct {
	key  replayKey
	body [sha256.Size]byte
}

type replayKey struct{ path, key string }

// newReplay gives nil for a start without a key.
func newReplay(path, key, body string) *replay {
	if key == "" {
		return nil
	}
	return &replay{key: replayKey{path, key}, body: sha256.Sum256([]byte(body))}
}

// look calls see with the operation; false says that there is none.
func (r *registry) look(kind Kind, id string, see func(*operation)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.byID[id]
	if found == nil || found.kind != kind {
		return false
	}
	see(found)
	return true
}

type startOutcome int

const (
	startedNew startOutcome = iota
	startedBefore
	startedOther // the same key with another body
)

// start adds the operation, unless its replay is known, and calls see with the
// one that there is now.
func (r *registry) start(o *operation, see func(*operation)) startOutcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.replay == nil {
		r.add(o)
		see(o)
		return startedNew
	}
	before := r.replays[o.replay.key]
	switch {
	case before == nil:
		r.add(o)
		see(o)
		return startedNew
	case before.replay.body != o.replay.body:
		return startedOther
	}
	see(before)
	return startedBefore
}

func (r *registry) add(o *operation) {
	r.byID[o.id] = o
	r.byKind[o.kind] = append(r.byKind[o.kind], o)
	if o.replay != nil {
		r.replays[o.replay.key] = o
	}
	if all := r.byKind[o.kind]; len(all) > r.max {
		r.forget(all[0])
		all[0] = nil
		r.byKind[o.kind] = all[1:]
	}
}

func (r *registry) forget(o *operation) {
	delete(r.byID, o.id)
	if o.replay != nil {
		delete(r.replays, o.replay.key)
	}
}

// page calls see with the operations of the kind that are kept, after the one
// with the id after (empty: from the first), in the order asked for, until see
// returns false. It returns false when there is no such one to go on from.
func (r *registry) page(kind Kind, ascending bool, after string, see func(*operation) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	operations := slices.Clone(r.byKind[kind])
	if !ascending {
		slices.Reverse(operations)
	}
	if after != "" {
		at := slices.IndexFunc(operations, func(o *operation) bool { return o.id == after })
		if at < 0 {
			return false
		}
		operations = operations[at+1:]
	}
	for _, o := range operations {
		if !see(o) {
			break
		}
	}
	return true
}

// restore brings back what the books tell of.
func (r *registry) restore(books Books, parse func(Entry) (*operation, error)) error {
	for _, entry := range books {
		switch {
		case entry.Operation == "":
		case entry.Action == Start && !entry.Repeated:
			o, err := parse(entry)
			if err != nil {
				return err
			}
			o.id = entry.Operation
			r.mu.Lock()
			r.add(o)
			r.mu.Unlock()
		case entry.Action == Poll:
			r.look(entry.Kind, entry.Operation, func(o *operation) { o.step(entry.At) })
		case entry.Action == Cancel:
			r.look(entry.Kind, entry.Operation, func(o *operation) { o.cancel(entry.At) })
		}
	}
	return nil
}

func newID(prefix string) string { return prefix + "_" + strings.ToLower(rand.Text()) }

func unix(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	return new(t.Unix())
}
