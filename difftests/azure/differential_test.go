package azure_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// ending is what became of an operation, and what was asked.
type ending struct {
	outcome  string          // succeeded, failed, canceled or error
	value    json.RawMessage // nil: none
	requests []string
	detail   string // not compared
}

func (e ending) String() string {
	return fmt.Sprintf("%s, value %s, %s (%s)", e.outcome, e.value, strings.Join(e.requests, ", "), strings.ReplaceAll(e.detail, "\n", " "))
}

func same(a, b ending) bool {
	return a.outcome == b.outcome && slices.Equal(a.requests, b.requests) && sameJSON(a.value, b.value)
}

// sameJSON compares digit for digit.
func sameJSON(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return reflect.DeepEqual(decoded(a), decoded(b))
}

func decoded(raw json.RawMessage) any {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	return v
}

// TestSameAsAzcore plays each exchange to azcore and to us. What differs is explained.
func TestSameAsAzcore(t *testing.T) {
	svc := newService(t)
	stages := 0
	play := func(x exchange, run func(exchange, string) ending) ending {
		stages++
		name := strconv.Itoa(stages)
		base := svc.stage(name, x.script())
		e := run(x, base)
		e.value = json.RawMessage(strings.ReplaceAll(string(e.value), base, "$"))
		e.requests = svc.requests(name)
		return e
	}
	azcore := func(x exchange) ending {
		return play(x, func(x exchange, base string) ending { return theirs(t, svc.Client(), x, base) })
	}
	counts, total := map[string]int{}, 0
	for _, x := range generate() {
		total++
		a, b := azcore(x), play(x, func(x exchange, base string) ending { return perdures(t, x, base) })
		if same(a, b) {
			counts[identical]++
			continue
		}
		for _, why := range explain(t, x, b, azcore) {
			counts[why]++
			assert.NotEqual(t, unexplained, why, "%v\nazcore:  %v\nperdure: %v", x, a, b)
		}
	}
	t.Logf("%5d exchanges; a difference may have more than one explanation", total)
	for _, why := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%5d %s", counts[why], why)
	}
	for _, e := range explanations {
		assert.NotZero(t, counts[e.why], "an explanation that nothing needs: %s", e.why)
	}
}
