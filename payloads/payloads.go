package payloads

import (
	"net/http"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/tokens"
)

// Options of New. The zero value leaves payloads as the SDK has them.
type Options struct {
	// Keyset encrypts. It is not the one that seals tokens. Default: payloads are in clear.
	Keyset *tokens.Keyset
	// Store takes the payloads of ThresholdBytes and more, such as storage.Directory.
	// Default: none, and no payload may be larger than Temporal takes, 2 MB.
	Store converter.StorageDriver
	// ThresholdBytes is what a payload takes, encrypted, before it is stored. Default 256 KiB.
	ThresholdBytes int
}

// Payloads is how payloads are written and read. Safe for concurrent use.
type Payloads struct {
	encrypting *codec                  // nil: in clear
	store      converter.StorageDriver // nil: none
	threshold  int
	converter  converter.DataConverter
}

// New touches neither files nor the network.
func New(o Options) *Payloads {
	p := &Payloads{store: o.Store, threshold: o.ThresholdBytes, converter: converter.GetDefaultDataConverter()}
	var codecs []converter.PayloadCodec
	if o.Store != nil {
		codecs = append(codecs, fetcher{o.Store})
	}
	if o.Keyset != nil {
		p.encrypting = &codec{o.Keyset}
		codecs = append(codecs, p.encrypting)
	}
	if len(codecs) > 0 {
		// To decode 60 MB takes longer than a workflow may compute.
		p.converter = workflow.DataConverterWithoutDeadlockDetection(steadfast{converter.NewCodecDataConverter(p.converter, codecs...)})
	}
	return p
}

// Encrypted reports whether payloads are encrypted.
func (p *Payloads) Encrypted() bool { return p.encrypting != nil }

// Stored reports whether there is a store, which takes payloads of any size.
func (p *Payloads) Stored() bool { return p.store != nil }

// ClientOptions is o with what a Temporal client needs to write and read payloads, in
// place of o's own converters and store.
func (p *Payloads) ClientOptions(o client.Options) client.Options {
	o.DataConverter = p.converter
	o.FailureConverter = p.failureConverter()
	o.ExternalStorage = p.externalStorage()
	return o
}

// DataConverter is the one of ClientOptions. It also reads what comes from the client's
// WorkflowService: encrypted, and from the store.
func (p *Payloads) DataConverter() converter.DataConverter { return p.converter }

// Handler is a codec server: it serves /encode, /decode and /download as Temporal's web UI
// and command line ask for them, to everybody who asks. To let in only who may read is for
// a handler around it.
func (p *Payloads) Handler() (http.Handler, error) {
	o := converter.PayloadHTTPHandlerOptions{ExternalStorage: p.externalStorage()}
	if p.encrypting != nil {
		o.PreStorageCodecs = []converter.PayloadCodec{p.encrypting}
	}
	return converter.NewPayloadHTTPHandler(o)
}

// failureConverter encrypts messages and stack traces too.
func (p *Payloads) failureConverter() converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: p.converter, EncodeCommonAttributes: p.Encrypted(),
	})
}

func (p *Payloads) externalStorage() converter.ExternalStorage {
	if p.store == nil {
		return converter.ExternalStorage{}
	}
	return converter.ExternalStorage{Drivers: []converter.StorageDriver{p.store}, PayloadSizeThreshold: p.threshold}
}
