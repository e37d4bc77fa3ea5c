// Package transcript is the typed client of a service that writes down what is said.
// docs/write-a-client.md tells how it came about.
//
// This package may import the root package, tokens and starter.
package transcript

// Transcript is the text of a recording.
type Transcript struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Text  string `json:"text"`
}

// Params say what is written down.
type Params struct {
	AudioURL string `json:"audio_url"`
	// Language is a code, "en"; "": the service finds out.
	Language string `json:"language,omitempty"`
}
