// Package worker is the deployable worker as a library: it reads the
// configuration, registers workflows and activities under their contract names,
// runs until it is told to stop, drains, and says how it is.
//
// [Load] and [Parse] read a configuration strictly: an unknown key or a value of
// another kind is an error with its line. [Config.Check] tells all that is wrong
// with what the keys say, [Config.CheckEnvironment] which secrets and keysets are
// not there. No error and no log line ever holds a secret: they name its source.
//
//	cfg, err := worker.Load("perdure.yaml")
//	p, err := cfg.Payloads(ctx, nil) // or s3.Open, of package storage/s3
//	temporal, err := client.Dial(p.ClientOptions(client.Options{}))
//	w, err := worker.New(temporal, cfg, worker.Options{Payloads: p})
//	err = w.Run(ctx) // until ctx ends, then drains
//
// Every key, with its default, unit and bounds, is in docs/configuration.md.
//
// May import: the root package, tokens, payloads, storage, workflows, activities and its subpackages,
// internal/attributes, internal/program, goccy/go-yaml, golang.org/x/net/http/httpguts, and Temporal's
// SDK and API.
package worker
