package telemetry

import (
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// counted is storage whose drivers count what they store.
func (t *Telemetry) counted(s converter.ExternalStorage) converter.ExternalStorage {
	counter := t.metrics.Counter("perdure_stored_bytes")
	counter.Inc(0)
	drivers := make([]converter.StorageDriver, 0, len(s.Drivers))
	for _, d := range s.Drivers {
		drivers = append(drivers, countingDriver{d, counter})
	}
	s.Drivers = drivers
	return s
}

type countingDriver struct {
	converter.StorageDriver
	bytes client.MetricsCounter
}

// Store counts what was stored.
func (d countingDriver) Store(ctx converter.StorageDriverStoreContext, payloads []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
	claims, err := d.StorageDriver.Store(ctx, payloads)
	if err != nil {
		return nil, err
	}
	for _, p := range payloads {
		d.bytes.Inc(int64(proto.Size(p)))
	}
	return claims, nil
}
