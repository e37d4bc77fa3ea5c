package worker

import (
	"errors"
	"strings"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// ExamineOptions of Examine.
type ExamineOptions struct {
	// SkipEnvironment: do not look for secrets, certificates and keysets.
	SkipEnvironment bool
	// Protocols beside the built-in ones, as in [Options].
	Protocols []protocol.Protocol
}

// Examine tells all that can be known about a configuration file without a request: what
// [Load], [Config.Check] and [Config.CheckEnvironment] refuse, all at once and in the
// order of their lines, and what is allowed and probably not meant, as warnings. The error
// is for a file that cannot be read.
func Examine(path string, o *ExamineOptions) ([]*KeyError, error) {
	if o == nil {
		o = &ExamineOptions{}
	}
	content, err := read(path)
	if err != nil {
		return nil, err
	}
	cfg, problems := parse(path, content)
	if cfg == nil {
		return sorted(problems), nil
	}
	// A key that could not be read is missing from cfg: that is not reported again.
	reported := problems
	add := func(found []*KeyError) {
		for _, p := range found {
			if !concerns(reported, p) {
				problems = append(problems, p)
			}
		}
		reported = problems
	}
	add(problemsIn(cfg.Check(o.Protocols...)))
	if !o.SkipEnvironment {
		add(problemsIn(cfg.CheckEnvironment()))
		add(cfg.exposedKeysets())
	}
	add(cfg.warnings())
	return sorted(problems), nil
}

// concerns reports whether one of the problems is with the key, or one above or below it.
func concerns(problems []*KeyError, p *KeyError) bool {
	for _, q := range problems {
		if isWithin(p.Key, q.Key) || isWithin(q.Key, p.Key) {
			return true
		}
	}
	return false
}

func isWithin(key, above string) bool {
	rest, ok := strings.CutPrefix(key, above)
	return ok && (rest == "" || above != "" && strings.ContainsAny(rest[:1], ".["))
}

// problemsIn gives each KeyError that is joined in err.
func problemsIn(err error) []*KeyError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*KeyError
		for _, e := range joined.Unwrap() {
			out = append(out, problemsIn(e)...)
		}
		return out
	}
	if p, ok := errors.AsType[*KeyError](err); ok {
		return []*KeyError{p}
	}
	return nil
}
