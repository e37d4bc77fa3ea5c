package worker

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/transport"
)

// warnings are about what is allowed, and probably not meant.
func (c *Config) warnings() []*KeyError {
	var out []*KeyError
	warn := func(key, message string) {
		p := c.source.problem(key, message)
		p.Warning = true
		out = append(out, p)
	}
	c.warnOfWaits(warn)
	names := slices.Sorted(maps.Keys(c.Services))
	for i, name := range names {
		c.warnOfUnusedLookup(warn, name)
		if s := c.Services[name]; s.Auth != nil && strings.HasPrefix(strings.ToLower(s.BaseURL), "http:") && !s.AllowPrivateNetwork {
			warn(below(below("services", name), "baseURL"), "is http: the service's credentials are sent in clear")
		}
		for _, other := range names[:i] {
			c.warnOfOneOrigin(warn, name, other)
		}
		for _, other := range names {
			if other != name {
				c.warnOfSharedCredentials(warn, name, other)
			}
		}
	}
	return out
}

type warnFunc func(key, message string)

// warnOfWaits: intervals that are within their bounds, and not beside each other.
func (c *Config) warnOfWaits(warn warnFunc) {
	lifetime := cmp.Or(c.Tokens.LifetimeSeconds, DefaultTokenLifetime.Seconds())
	window := cmp.Or(c.Worker.Watch.WindowSeconds, activities.DefaultWatchWindow.Seconds())
	if t := c.Worker.Watch.ThresholdSeconds; t > window {
		warn("worker.watch.thresholdSeconds", fmt.Sprintf("is %v, above windowSeconds %v: nothing is watched for so long", t, window))
	}
	for name, s := range c.Services {
		key := below("services", name)
		if s.Polling != nil && s.Polling.IntervalSeconds >= lifetime {
			warn(below(key, "polling.intervalSeconds"), fmt.Sprintf("is %v, not below tokens.lifetimeSeconds %v: a token is too old before it is sealed anew", s.Polling.IntervalSeconds, lifetime))
		}
		timeout := cmp.Or(s.Limits.RequestTimeoutSeconds, transport.DefaultRequestTimeout.Seconds())
		if i := s.Idempotency; i != nil && i.WindowSeconds > 0 && i.WindowSeconds < timeout {
			warn(below(key, "idempotency.windowSeconds"), fmt.Sprintf("is %v, below limits.requestTimeoutSeconds %v: a key is forgotten before a start is given up", i.WindowSeconds, timeout))
		}
	}
}

func (c *Config) warnOfUnusedLookup(warn warnFunc, name string) {
	s := c.Services[name]
	if s.Lookup != nil && (s.Protocol == nil || s.Protocol.Name == perdure.AutoProtocol) {
		warn(below(below("services", name), "protocol.name"), "is needed beside lookup, here or in each start: what is found is taken over by it, and auto cannot")
	}
}

func (c *Config) warnOfOneOrigin(warn warnFunc, name, other string) {
	if transport.SameOrigin(c.Services[name].BaseURL, c.Services[other].BaseURL) {
		warn(below(below("services", name), "baseURL"), fmt.Sprintf("has the origin of services.%s.baseURL: who asks for an absolute URL there has to name the service", other))
	}
}

func (c *Config) warnOfSharedCredentials(warn warnFunc, name, other string) {
	for i, origin := range c.Services[name].CredentialOrigins {
		if c.Services[name].Auth != nil && transport.OriginMatches(origin, c.Services[other].BaseURL) {
			warn(element(below("services", name), "credentialOrigins", i), fmt.Sprintf("is the origin of services.%s.baseURL too, which gets this service's credentials", other))
		}
	}
}

// exposedKeysets warns of files of keys that other users may read, or write: those could
// make tokens of their own.
func (c *Config) exposedKeysets() []*KeyError {
	files := map[string]string{"tokens.keysetFile": c.Tokens.KeysetFile}
	if c.Encryption != nil {
		files["encryption.keysetFile"] = c.Encryption.KeysetFile
	}
	var out []*KeyError
	for key, file := range files {
		info, err := os.Stat(c.source.path(file))
		if file == "" || err != nil {
			continue // which is told elsewhere
		}
		p := c.source.problem(key, fmt.Sprintf("everybody on this machine may write %s (mode %04o), want 0600", c.source.path(file), info.Mode().Perm()))
		switch {
		case info.Mode().Perm()&0o002 != 0:
		case info.Mode().Perm()&0o004 != 0:
			p.Warning, p.Message = true, strings.Replace(p.Message, "write", "read", 1)
		default:
			continue
		}
		out = append(out, p)
	}
	return out
}
