package payloads

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
)

// fetcher reads what a reference stands for. The SDK does that in what its own methods
// return, and not in what its WorkflowService does: memos, heartbeats, first events.
type fetcher struct{ store converter.StorageDriver }

// Encode leaves storing to the SDK, which knows for whom.
func (fetcher) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return payloads, nil
}

// Decode reads from the store.
func (f fetcher) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		var err error
		if out[i], err = f.decode(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

var referenceType = string((*sdkpb.ExternalStorageReference)(nil).ProtoReflect().Descriptor().FullName())

func (f fetcher) decode(p *commonpb.Payload) (*commonpb.Payload, error) {
	if string(p.GetMetadata()[converter.MetadataEncoding]) != converter.MetadataEncodingProtoJSON ||
		string(p.GetMetadata()[converter.MetadataMessageType]) != referenceType {
		return p, nil
	}
	var reference sdkpb.ExternalStorageReference
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(p.GetData(), &reference); err != nil {
		return nil, fmt.Errorf("payloads: reference to the store: %w", err)
	}
	if reference.GetDriverName() != f.store.Name() {
		return nil, fmt.Errorf("payloads: stored in %q, which is not the store here", reference.GetDriverName())
	}
	stored, err := f.store.Retrieve(converter.StorageDriverRetrieveContext{Context: context.Background()},
		[]converter.StorageDriverClaim{{ClaimData: reference.GetClaimData()}})
	if err != nil {
		return nil, fmt.Errorf("payloads: %w", err)
	}
	return stored[0], nil
}
