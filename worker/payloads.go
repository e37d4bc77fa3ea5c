package worker

import (
	"context"
	"errors"

	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/storage"
)

// Payloads is how the configuration's encryption and storage have payloads written: what
// every Temporal client has to be made with that works on them. Bucket opens a store that
// is no directory, as s3.Open of package storage/s3 does; nil: such a store is an error. It
// reads the keyset, and touches no network.
func (c *Config) Payloads(ctx context.Context, bucket BucketOpener) (*payloads.Payloads, error) {
	k := &checker{config: c}
	k.payloads()
	if err := joined(k.problems); err != nil {
		return nil, err
	}
	var o payloads.Options
	if c.Encryption != nil {
		keyset, err := loadKeyset(c.source.path(c.Encryption.KeysetFile))
		if err != nil {
			return nil, c.source.problem("encryption.keysetFile", err.Error())
		}
		o.Keyset = keyset
	}
	if c.Storage != nil {
		store, err := openStore(ctx, c.Storage.URL, bucket)
		if err != nil {
			return nil, c.source.problem("storage.url", err.Error())
		}
		o.Store, o.ThresholdBytes = store, c.Storage.ThresholdBytes
	}
	return payloads.New(o), nil
}

// BucketOpener opens a store by its URL.
type BucketOpener func(ctx context.Context, url string) (converter.StorageDriver, error)

func openStore(ctx context.Context, url string, bucket BucketOpener) (converter.StorageDriver, error) {
	u, err := storage.ParseURL(url)
	switch {
	case err != nil:
		return nil, err
	case u.Directory != "":
		return storage.Directory(u.Directory)
	case bucket == nil:
		return nil, errors.New("is a bucket, and this program has no library for it: give Config.Payloads s3.Open")
	}
	return bucket(ctx, url)
}

// agree holds what the client was made with against what the configuration says.
func (c *Config) agree(p *payloads.Payloads) (*payloads.Payloads, error) {
	if p == nil {
		p = payloads.New(payloads.Options{})
	}
	if p.Encrypted() != (c.Encryption != nil) || p.Stored() != (c.Storage != nil) {
		return nil, errors.New("worker: Options.Payloads is not what the configuration's encryption and storage say: " +
			"make it, and the client, with Config.Payloads")
	}
	return p, nil
}

// payloads checks encryption and storage.
func (k *checker) payloads() {
	c := k.config
	if e := c.Encryption; e != nil {
		switch {
		case e.KeysetFile == "":
			k.refuse("encryption.keysetFile", "is missing; make one with: perdure keys new FILE")
		case c.source.path(e.KeysetFile) == c.source.path(c.Tokens.KeysetFile):
			k.refuse("encryption.keysetFile", "is that of tokens, want keys of its own: who may read payloads must not be able to make tokens")
		}
	}
	if s := c.Storage; s != nil {
		if s.URL == "" {
			k.refuse("storage.url", "is missing, want file:///DIRECTORY or s3://BUCKET/PREFIX")
		} else if _, err := storage.ParseURL(s.URL); err != nil {
			k.refuse("storage.url", err.Error())
		}
	}
}
