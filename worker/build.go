package worker

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/transport"
)

// Defaults that no other package has.
const (
	DefaultTokenLifetime        = 30 * 24 * time.Hour
	DefaultDrain                = 30 * time.Second
	DefaultConcurrentActivities = 20_000
)

// forms of idempotency.
var forms = []string{string(activities.FormRepeatability), string(activities.FormOperationID)}

// activities are the options that the configuration stands for.
func (c *Config) activities(own Options) (activities.Options, error) {
	if err := c.Check(own.Protocols...); err != nil {
		return activities.Options{}, err
	}
	protocols, err := registry(own.Protocols)
	if err != nil {
		return activities.Options{}, fmt.Errorf("worker: %w", err)
	}
	keys, err := c.keyset()
	if err != nil {
		return activities.Options{}, c.source.problem("tokens.keysetFile", err.Error())
	}
	o := activities.Options{
		Services:       map[string]*activities.Service{},
		Keyset:         keys,
		MetricsHandler: own.MetricsHandler,
		TokenLifetime:  cmp.Or(seconds(c.Tokens.LifetimeSeconds), DefaultTokenLifetime),
		Protocols:      protocols,
		Watch: activities.Watch{
			Threshold: cmp.Or(seconds(c.Worker.Watch.ThresholdSeconds), activities.DefaultWatchThreshold),
			Window:    cmp.Or(seconds(c.Worker.Watch.WindowSeconds), activities.DefaultWatchWindow),
			HandOver:  c.drain() * 2 / 3, // the rest is for requests that are under way
		},
	}
	var problems []error
	for name, s := range c.Services {
		if o.Services[name], err = c.service(name, &s, own); err != nil {
			problems = append(problems, err)
		}
	}
	return o, errors.Join(problems...)
}

func (c *Config) service(name string, s *Service, own Options) (*activities.Service, error) {
	t := transport.Config{
		Name: name, BaseURL: s.BaseURL, Allow: s.Allow,
		Headers: canonical(s.Headers), SecretHeaders: s.SecretHeaders,
		AllowedOrigins: s.AllowedOrigins, CredentialOrigins: s.CredentialOrigins, AllowPrivateNetwork: s.AllowPrivateNetwork,
		Proxy: s.Proxy, TLS: c.tls(s), StickyCookies: s.StickyCookies,
		Limits: transport.Limits{
			RequestsPerSecond: s.Limits.RequestsPerSecond,
			Concurrency:       s.Limits.Concurrency,
			RequestTimeout:    seconds(s.Limits.RequestTimeoutSeconds),
			MaxResponseBytes:  s.Limits.MaxResponseBytes,
			CaptureBytes:      s.Limits.CaptureBytes,
		},
	}
	if own.MetricsHandler != nil {
		t.Observer = activities.NewObserver(own.MetricsHandler, name)
	}
	var err error
	if t.Credential, err = own.credential(c, name, t, s.Auth); err != nil {
		return nil, c.source.problem(below("services", name), err.Error())
	}
	out, err := transport.NewService(t)
	if err != nil {
		return nil, c.source.problem(below("services", name), err.Error())
	}
	return &activities.Service{
		Service: out, Protocol: s.Protocol, Polling: s.Polling,
		Idempotency: s.Idempotency.activities(), NotStarted: s.NotStarted, Lookup: s.Lookup.activities(),
	}, nil
}

func (l *Lookup) activities() *activities.Lookup {
	if l == nil {
		return nil
	}
	return &activities.Lookup{Method: cmp.Or(l.Request.Method, "GET"), URL: l.Request.URL, Found: l.Found, Body: l.Body}
}

func (i *Idempotency) activities() activities.Idempotency {
	if i == nil {
		return activities.Idempotency{}
	}
	return activities.Idempotency{
		Header: i.Header, Query: i.Query, Body: i.Body, Form: activities.IdempotencyForm(i.Form), Window: seconds(i.WindowSeconds),
	}
}

// taskQueue is the one that the worker serves.
func (c *Config) taskQueue() string { return cmp.Or(c.TaskQueue, perdure.DefaultTaskQueue) }

// drain is how long running activities may take to return.
func (c *Config) drain() time.Duration {
	if c.Worker.DrainSeconds == nil {
		return DefaultDrain
	}
	return seconds(*c.Worker.DrainSeconds)
}

func canonical(headers map[string][]string) http.Header {
	out := http.Header{}
	for name, values := range headers {
		for _, v := range values {
			out.Add(name, v)
		}
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
