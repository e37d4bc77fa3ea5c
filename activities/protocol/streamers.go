package protocol

import "encoding/json"

// Streamers holds the conventions of event streams that a worker speaks. It is not
// changed after it was made, and safe for concurrent use.
type Streamers struct{ byName names[Streamer] }

// NewStreamers holds streamers. One has to be asked for by its name: nothing at the
// start of a stream tells for certain which convention it follows.
func NewStreamers(streamers ...Streamer) (*Streamers, error) {
	known, err := byName(streamers)
	if err != nil {
		return nil, err
	}
	return &Streamers{known}, nil
}

// Names lists what can be asked for, sorted.
func (s *Streamers) Names() []string { return s.byName.sorted() }

// Bind finds a streamer by name and binds it to its options.
func (s *Streamers) Bind(name string, options json.RawMessage) (Streaming, error) {
	streamer, err := s.byName.find(name)
	if err != nil {
		return nil, err
	}
	streaming, err := streamer.Bind(options)
	if err != nil {
		return nil, belowOptions(err)
	}
	return streaming, nil
}
