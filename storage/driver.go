package storage

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/contrib/aws/s3driver"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"
)

// Name is the driver's in histories, whatever the store.
const Name = "perdure"

// MaxBytes is the size of the largest payload that is stored: more than the largest body
// that limits.maxResponseBytes admits takes, twice encoded.
const MaxBytes = 512 << 20

// Objects keeps bytes by key. Put replaces; Get of what is not there is an error. Safe for
// concurrent use.
type Objects interface {
	Put(ctx context.Context, key string, data []byte) error
	Get(ctx context.Context, key string) ([]byte, error)
	// String names the store in errors. It holds no secret.
	String() string
}

// New is a driver that keeps payloads in objects. It adds digests to what they keep.
func New(objects Objects) (converter.StorageDriver, error) {
	inner, err := s3driver.NewDriver(s3driver.Options{
		Client: client{objects}, Bucket: s3driver.StaticBucket(bucket), DriverName: Name, MaxPayloadSize: MaxBytes,
	})
	if err != nil {
		return nil, err
	}
	return driver{inner}, nil
}

// bucket stands in histories for the store that is configured, so that no history can
// name another.
const bucket = "store"

// client is objects as the SDK's driver asks for them.
type client struct{ objects Objects }

// PutObject puts.
func (c client) PutObject(ctx context.Context, _, key string, data []byte) error {
	return c.objects.Put(ctx, key, data)
}

// ObjectExists says no, so that an object is put again by each that names it: its age counts
// from there, and one that was damaged is mended.
func (client) ObjectExists(context.Context, string, string) (bool, error) { return false, nil }

// GetObject gets.
func (c client) GetObject(ctx context.Context, _, key string) ([]byte, error) {
	return c.objects.Get(ctx, key)
}

// Describe is for errors.
func (c client) Describe() map[string]string { return map[string]string{"store": c.objects.String()} }

// driver does what the SDK's own, in v0.2.0, leaves out: it keeps to the limits that the
// SDK sets on operations at once.
type driver struct{ converter.StorageDriver }

// Type is the same for all stores.
func (driver) Type() string { return Name }

// Store stores each payload with a permit of its own.
func (d driver) Store(ctx converter.StorageDriverStoreContext, payloads []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
	return each(ctx.Context, ctx.GetLimiter(), payloads, func(inner context.Context, p []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
		return d.StorageDriver.Store(converter.StorageDriverStoreContext{Context: inner, Target: ctx.Target}, p)
	})
}

// Retrieve retrieves each payload with a permit of its own.
func (d driver) Retrieve(ctx converter.StorageDriverRetrieveContext, claims []converter.StorageDriverClaim) ([]*commonpb.Payload, error) {
	return each(ctx.Context, ctx.GetLimiter(), claims, func(inner context.Context, c []converter.StorageDriverClaim) ([]*commonpb.Payload, error) {
		return d.StorageDriver.Retrieve(converter.StorageDriverRetrieveContext{Context: inner}, c)
	})
}

func each[In, Out any](ctx context.Context, limiter converter.StorageDriverLimiter[In], items []In, do func(context.Context, []In) ([]Out, error)) ([]Out, error) {
	out := make([]Out, len(items))
	g, ctx := errgroup.WithContext(ctx)
	for i, item := range items {
		g.Go(func() error {
			return limiter.Permit(ctx, item, func() error {
				one, err := do(ctx, []In{item})
				if err != nil {
					return err
				}
				out[i] = one[0]
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}
