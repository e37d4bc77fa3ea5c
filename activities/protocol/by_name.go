package protocol

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/perdure-dev/perdure"
)

// named is a protocol, a pager or a streamer.
type named interface{ Name() string }

// names holds what can be asked for by its name.
type names[T named] map[string]T

func byName[T named](list []T) (names[T], error) {
	out := names[T]{}
	for _, n := range list {
		if _, taken := out[n.Name()]; taken || n.Name() == "" || n.Name() == perdure.AutoProtocol {
			return nil, fmt.Errorf("protocol: the name %q is taken or not allowed", n.Name())
		}
		out[n.Name()] = n
	}
	return out, nil
}

func (n names[T]) sorted() []string { return slices.Sorted(maps.Keys(n)) }

// find gives what has the name, or a *perdure.InputError that lists the names, and the
// others that are known.
func (n names[T]) find(name string, others ...string) (T, error) {
	found, ok := n[name]
	if !ok {
		want := strings.Join(append(others, strings.Join(n.sorted(), ", ")), " or ")
		return found, &perdure.InputError{Field: "protocol.name", Message: fmt.Sprintf("%q is unknown, want %s", name, want)}
	}
	return found, nil
}
