package worker

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/attributes"
)

// How often, and how long, the namespace is asked.
const (
	probeEvery   = time.Minute
	probeTimeout = 5 * time.Second
)

// searchAttributes knows which of them the namespace has: an undefined one would
// fail workflow tasks for ever. Safe for concurrent use.
type searchAttributes struct {
	list   func(context.Context) (map[string]enums.IndexedValueType, error)
	found  atomic.Pointer[[]string]
	logger *slog.Logger
	said   string // by probe, which never runs twice at once
}

func newSearchAttributes(list func(context.Context) (map[string]enums.IndexedValueType, error), logger *slog.Logger) *searchAttributes {
	return &searchAttributes{list: list, logger: logger}
}

// listAttributes asks the server. Its errors are the server's, among them that the
// caller may not ask.
func listAttributes(c client.Client, namespace string) func(context.Context) (map[string]enums.IndexedValueType, error) {
	return func(ctx context.Context) (map[string]enums.IndexedValueType, error) {
		answer, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		return answer.GetCustomAttributes(), err
	}
}

// names are the attributes that the namespace has. The slice is not to be changed.
func (s *searchAttributes) names() []string {
	if found := s.found.Load(); found != nil {
		return *found
	}
	return nil
}

// inClear are the names of those whose value is no service's word: where payloads are
// encrypted, nothing of what a service said is to be read in the namespace.
func (s *searchAttributes) inClear() []string {
	return slices.DeleteFunc(slices.Clone(s.names()), func(name string) bool {
		return name != perdure.SearchAttributeState && name != perdure.SearchAttributeService
	})
}

// keepProbing asks every minute until all are there, or ctx ends.
func (s *searchAttributes) keepProbing(ctx context.Context) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for len(s.names()) < len(attributes.All) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.probe(ctx)
		}
	}
}

// probe asks once. What was found before stays when the question fails.
func (s *searchAttributes) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	has, err := s.list(ctx)
	if err != nil {
		s.say("search attributes cannot be listed, and are not set", "error", err.Error())
		return
	}
	var found, missing []string
	for _, w := range attributes.All {
		if has[w.Name] == w.Type {
			found = append(found, w.Name)
		} else {
			missing = append(missing, w.Name)
		}
	}
	s.found.Store(&found)
	if len(missing) > 0 {
		s.say("the namespace lacks search attributes; perdure setup registers them", "missing", strings.Join(missing, ", "))
	}
}

// say logs what was not said last.
func (s *searchAttributes) say(message, key, value string) {
	if said := message + value; said != s.said {
		s.said = said
		s.logger.Info(message, key, value)
	}
}
