package jobservice

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
)

// FaultState is a fault that still waits for requests, or holds some.
type FaultState struct {
	Fault
	// Hits counts the requests that it met.
	Hits int `json:"hits"`
	// Holding counts those of them that it holds now.
	Holding int `json:"holding"`
}

// Inject puts the fault in place, behind those that are there: of several that
// match a request, it meets the first. The id is for [Service.Release].
func (s *Service) Inject(fault Fault) (id string, err error) { return s.faults.add(fault) }

// Release lets go what the fault holds, and ends it; false says that there is
// no such fault.
func (s *Service) Release(id string) bool { return s.faults.release(id) }

// Faults gives the faults that still wait for requests, or hold some.
func (s *Service) Faults() []FaultState { return s.faults.states() }

// ClearFaults releases all faults.
func (s *Service) ClearFaults() { s.faults.clear() }

// faults are safe for concurrent use.
type faults struct {
	none *activeFault // what a request meets that meets none

	mu     sync.Mutex
	active []*activeFault
}

// activeFault is a fault in place; its counts belong to faults.
type activeFault struct {
	Fault
	skip, left    int // left: -1 for any number
	hits, holding int
	chance        *rand.Rand
	released      chan struct{}
}

func newFaults() *faults { return &faults{none: &activeFault{}} }

func (f *faults) add(fault Fault) (string, error) {
	if err := fault.validate(); err != nil {
		return "", err
	}
	fault.ID = cmp.Or(fault.ID, newID("fault"))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.find(fault.ID) >= 0 {
		return "", errors.New("id: there is a fault of that id")
	}
	f.active = append(f.active, &activeFault{
		Fault:    fault,
		skip:     fault.Skip,
		left:     cmp.Or(fault.Times, 1),
		chance:   rand.New(rand.NewPCG(fault.Seed, 0)), //nolint:gosec // it is to be the same again
		released: make(chan struct{}),
	})
	return fault.ID, nil
}

// take gives the fault that the request meets, never nil. One that holds must
// be left, which hold does; any other that is spent is gone at once.
func (f *faults) take(c call) *activeFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		if fault.left == 0 || !fault.matches(c) || !fault.drawn() {
			continue
		}
		if fault.skip > 0 {
			fault.skip--
			continue
		}
		if fault.left > 0 {
			fault.left--
		}
		fault.hits++
		if fault.holds() {
			fault.holding++
		}
		f.forgetSpent()
		return fault
	}
	return f.none
}

// drawn reports whether chance, if it has a say, wants the request met.
func (f *activeFault) drawn() bool { return f.Chance == 0 || f.chance.Float64() < f.Chance }

// hold returns when the answer may go, or with an error when the client has
// gone.
func (f *faults) hold(ctx context.Context, fault *activeFault) error {
	if !fault.holds() {
		return nil
	}
	defer f.leave(fault)
	return fault.hold(ctx)
}

// leave says that the fault holds the request no more, or never will.
func (f *faults) leave(fault *activeFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault.holds() {
		fault.holding--
	}
	f.forgetSpent()
}

func (f *faults) forgetSpent() {
	f.active = slices.DeleteFunc(f.active, func(fault *activeFault) bool { return fault.left == 0 && fault.holding == 0 })
}

func (f *faults) release(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find(id)
	if i < 0 {
		return false
	}
	close(f.active[i].released)
	f.active = slices.Delete(f.active, i, i+1)
	return true
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		close(fault.released)
	}
	f.active = nil
}

func (f *faults) states() []FaultState {
	f.mu.Lock()
	defer f.mu.Unlock()
	states := []FaultState{}
	for _, fault := range f.active {
		states = append(states, FaultState{Fault: fault.Fault, Hits: fault.hits, Holding: fault.holding})
	}
	return states
}

func (f *faults) find(id string) int {
	return slices.IndexFunc(f.active, func(fault *activeFault) bool { return fault.ID == id })
}
