package chaos_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What the service does with whatever it is asked for follows from the seed and the name,
// so that the callers' side can tell what is right without asking it.

// operationScript is how an operation goes.
type operationScript struct {
	// pushedBack are the answers to the first requests to start it, which start nothing.
	pushedBack []int
	takes      time.Duration
	// end is the service's word for it.
	end string
	// answer is the value of one that succeeds.
	answer int64
}

// longestOperation bounds how long an operation takes.
const longestOperation = time.Minute

func (s size) operation(name string) operationScript {
	r := randomFor(s.seed, "operation "+name)
	o := operationScript{
		takes:  between(r, time.Second, min(s.faults/5, longestOperation)),
		answer: r.Int64(),
		end:    []string{"Succeeded", "Succeeded", "Succeeded", "Failed", "Canceled"}[r.IntN(5)],
	}
	for r.IntN(10) == 0 {
		o.pushedBack = append(o.pushedBack, []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[r.IntN(2)])
	}
	return o
}

// collectionScript is what a collection has: the values of each page.
type collectionScript [][]json.RawMessage

func (s size) collection(name string) collectionScript {
	r := randomFor(s.seed, "collection "+name)
	c := make(collectionScript, 5+r.IntN(20))
	for page := range c {
		for n := range r.IntN(12) { // some have none
			c[page] = append(c[page], json.RawMessage(fmt.Sprintf(`{"page":%d,"n":%d,"big":%d%d,"text":"%s"}`,
				page, n, r.Uint64(), r.Uint64(), strings.Repeat("ü→ ", r.IntN(60)))))
		}
	}
	return c
}

// streamScript is what a stream says, and how fast.
type streamScript struct {
	events []string
	every  time.Duration
	// mark: the end is an event of its own, and not that of the answer.
	mark bool
}

func (s size) stream(name string) streamScript {
	r := randomFor(s.seed, "stream "+name)
	script := streamScript{every: between(r, 50*time.Millisecond, time.Second), mark: r.IntN(2) == 0}
	lasts := between(r, time.Second, min(s.faults/3, 3*time.Minute))
	for i := range 1 + int(lasts/script.every) {
		script.events = append(script.events, fmt.Sprintf("event %d of %s, %x\nand %s", i, name, r.Uint64(), strings.Repeat("ß→", r.IntN(40))))
	}
	return script
}
