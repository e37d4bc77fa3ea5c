package jobservice

import "net/http"

// PageFaults are faults of every sort that a request for a page meets now and
// then, for the list at the path (empty: every list): 500, 503 with a
// Retry-After of a second, 429, a connection broken before the answer or in it,
// an answer that takes its time. Together they meet that share of the requests,
// each sort as often; the same seed draws the same. A share of 0 is no fault, 1
// all requests.
func PageFaults(path string, seed uint64, share float64) []Fault {
	if share <= 0 {
		return nil
	}
	faults := []Fault{
		{Status: http.StatusInternalServerError},
		{Status: http.StatusServiceUnavailable, Headers: map[string]string{"Retry-After": "1"}},
		{Status: http.StatusTooManyRequests},
		{Drop: DropBeforeAnswer},
		{Drop: DropInAnswer},
		{SlowMillis: 100},
	}
	each := share / float64(len(faults))
	for i := range faults {
		fault := &faults[i]
		fault.Action, fault.Path, fault.Times = List, path, -1
		fault.Chance = min(1, each/(1-float64(i)*each)) // of what those before it let through
		fault.Seed = seed + uint64(i)
	}
	return faults
}
