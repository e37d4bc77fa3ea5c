package worker

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Activities are the options that a configuration stands for.
func (c *Config) Activities(own ...protocol.Protocol) (activities.Options, error) {
	return c.activities(Options{Protocols: own})
}

// ActivitiesWith are those of a worker with these options.
func (c *Config) ActivitiesWith(o Options) (activities.Options, error) { return c.activities(o) }

// Pagers are those of a worker that brings its own.
func Pagers(own ...protocol.Pager) (*protocol.Pagers, error) { return pagers(own) }

// KeyBounds lists every key of the configuration with its bounds, "" for none.
func KeyBounds() map[string]string {
	out := map[string]string{}
	keyBounds("", reflect.TypeFor[Config](), out)
	return out
}

func keyBounds(key string, t reflect.Type, out map[string]string) {
	for _, f := range fieldsOf(t) {
		name := below(key, f.name)
		ft := t.FieldByIndex(f.index).Type
		if ft.Kind() == reflect.Map && ft.Elem().Kind() == reflect.Struct {
			name, ft = below(name, "NAME"), ft.Elem()
		}
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct {
			keyBounds(name, ft, out)
			continue
		}
		out[name] = ""
		if f.bounds != (bounds{}) {
			out[name] = f.String()
		}
	}
}

// Health is the handler of worker.listen with what it depends on.
type Health struct{ h *health }

func NewHealth(ask func(context.Context) error) Health { return Health{newHealth(ask)} }

func (h Health) Serving()  { h.h.serving() }
func (h Health) Draining() { h.h.draining() }
func (h Health) Handler(more map[string]http.Handler) http.Handler {
	return newHandler(h.h, more)
}

// SearchAttributes is the probe over any list.
type SearchAttributes struct{ s *searchAttributes }

func NewSearchAttributes(list func(context.Context) (map[string]enums.IndexedValueType, error), logger *slog.Logger) SearchAttributes {
	return SearchAttributes{newSearchAttributes(list, logger)}
}

func (s SearchAttributes) Names() []string                 { return s.s.names() }
func (s SearchAttributes) InClear() []string               { return s.s.inClear() }
func (s SearchAttributes) Probe(ctx context.Context)       { s.s.probe(ctx) }
func (s SearchAttributes) KeepProbing(ctx context.Context) { s.s.keepProbing(ctx) }

// KeysetPath is where the keyset is.
func (c *Config) KeysetPath() string { return c.source.path(c.Tokens.KeysetFile) }

// Fail is what the SDK does when it gives up.
func (w *Worker) Fail(err error) { w.fail(err) }

// OpenOperations is the count of open operations over any namespace.
type OpenOperations struct{ o *openOperations }

func NewOpenOperations(count func(context.Context, string, perdure.State) (int64, error), h client.MetricsHandler, services ...string) OpenOperations {
	return OpenOperations{newOpenOperations(count, h, services)}
}

func (o OpenOperations) Turn(ctx context.Context) { o.o.turn(ctx) }
