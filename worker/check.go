package worker

import (
	"fmt"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// maxTaskQueueBytes is what fits beside the SDK's suffixes into a server's id.
const maxTaskQueueBytes = 200

// serviceName is what a service may be called.
var serviceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Check tells everything that is wrong with the configuration, without a look at
// the environment: its error joins one *KeyError for each problem, in the order of
// their lines. Own are the protocols that the worker will speak beside the built-in
// ones, as in [Options].
func (c *Config) Check(own ...protocol.Protocol) error {
	k := &checker{config: c}
	protocols, err := registry(own)
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	k.protocols = protocols
	k.top()
	k.numbers("", reflect.ValueOf(c).Elem())
	for name, s := range c.Services {
		k.service(name, &s)
	}
	return joined(k.problems)
}

// checker collects what is wrong with a configuration.
type checker struct {
	config    *Config
	protocols *protocol.Registry
	problems  []*KeyError
}

func (k *checker) refuse(key, message string) {
	k.problems = append(k.problems, k.config.source.problem(key, message))
}

func (k *checker) top() {
	c := k.config
	if len(c.TaskQueue) > maxTaskQueueBytes || strings.HasPrefix(c.TaskQueue, "__temporal_") || strings.ContainsFunc(c.TaskQueue, isControl) {
		k.refuse("taskQueue", fmt.Sprintf("want at most %d bytes, no control characters, and not Temporal's prefix __temporal_", maxTaskQueueBytes))
	}
	if c.Tokens.KeysetFile == "" {
		k.refuse("tokens.keysetFile", "is missing; make one with: perdure keys new FILE")
	}
	k.payloads()
	k.listen("worker.listen", c.Worker.Listen)
	k.deployment("worker.deployment", c.Worker.Deployment)
	if len(c.Services) == 0 {
		k.refuse("services", "is missing, want at least one service")
	}
}

func (k *checker) listen(key, address string) {
	if address == "" {
		return
	}
	_, port, err := net.SplitHostPort(address)
	_, numErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numErr != nil {
		k.refuse(key, "want HOST:PORT, such as 127.0.0.1:9464; without a host, all interfaces")
	}
}

// numbers holds every number against the bounds in its field's tag. Zero is the
// default, unless a file says it.
func (k *checker) numbers(key string, v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		name := below(key, f.name)
		field := v.FieldByIndex(f.index)
		switch {
		case f.bounds != bounds{}:
			k.bounded(name, field, f.bounds)
		case field.Kind() == reflect.Struct:
			k.numbers(name, field)
		case field.Kind() == reflect.Pointer && !field.IsNil() && field.Elem().Kind() == reflect.Struct:
			k.numbers(name, field.Elem())
		case field.Kind() == reflect.Map && field.Type().Elem().Kind() == reflect.Struct:
			for _, element := range field.MapKeys() {
				k.numbers(below(name, element.String()), field.MapIndex(element))
			}
		}
	}
}

func (k *checker) bounded(key string, v reflect.Value, b bounds) {
	switch v.Kind() { //nolint:exhaustive // the kinds that have bounds
	case reflect.Slice:
		for i := range v.Len() {
			k.within(fmt.Sprintf("%s[%d]", key, i), v.Index(i), b)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			k.within(key, v.Elem(), b)
		}
	default:
		if !v.IsZero() || k.config.source.given(key) {
			k.within(key, v, b)
		}
	}
}

func (k *checker) within(key string, v reflect.Value, b bounds) {
	var value float64
	if v.CanInt() {
		value = float64(v.Int())
	} else {
		value = v.Float()
	}
	if !(value >= b.min && value <= b.max) { // NaN is in no bounds
		k.refuse(key, fmt.Sprintf("is %s, want %s", strconv.FormatFloat(value, 'f', -1, 64), b))
	}
}

// exactlyOne refuses all but one of the values being set, and reports whether one is.
func (k *checker) exactlyOne(key string, values map[string]string) bool {
	keys := make([]string, 0, len(values))
	var set []string
	for name, value := range values {
		keys = append(keys, name)
		if value != "" {
			set = append(set, name)
		}
	}
	slices.Sort(keys)
	slices.Sort(set)
	want := "want exactly one of " + strings.Join(keys[:len(keys)-1], ", ") + " and " + keys[len(keys)-1]
	switch len(set) {
	case 1:
		return true
	case 0:
		k.refuse(key, want)
	default:
		k.refuse(below(key, set[1]), "is set beside "+set[0]+", "+want)
	}
	return false
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
