package script

import (
	"fmt"
	"strings"
	"time"
)

// Operation is what a start asks for.
type Operation struct {
	// Batch of operations that are counted together, and Name within it.
	Batch string `json:"batch"`
	Name  string `json:"name"`
	// Polls is how many questions it takes until the operation is done. 0: it is done with
	// its start; negative: it goes on until its batch is finished.
	Polls int `json:"polls"`
	// Telling: each answer has another percentComplete. Else no answer has one, and nothing
	// is new until the end.
	Telling bool `json:"telling,omitempty"`
}

// Until the batch is finished.
const Until = -1

// status is an answer about an operation: its value, too.
type status struct {
	ID              string            `json:"id"`
	Status          string            `json:"status"`
	PercentComplete int               `json:"percentComplete,omitempty"`
	Properties      map[string]string `json:"properties"`
}

// Words of status.
const (
	running   = "Running"
	succeeded = "Succeeded"
)

// properties make a status as long as those of real services: about half a kilobyte.
var properties = map[string]string{
	"provisioningDetails": strings.Repeat("one of the steps that such services tell of; ", 8),
	"requestedBy":         "bench",
}

// underway is an operation and who asked after it.
type underway struct {
	Operation
	asked     int
	lastAsked time.Time // or started
	doneAt    time.Time // zero: nobody was told yet
}

func (u *underway) id() string { return fmt.Sprintf("/operations/%s/%s", u.Batch, u.Name) }

func (u *underway) done(finished bool) bool {
	return u.Polls >= 0 && u.asked >= u.Polls || u.Polls < 0 && finished
}

func (u *underway) status(finished bool) status {
	s := status{ID: u.id(), Status: running, Properties: properties}
	if u.Telling {
		s.PercentComplete = 1 + u.asked%99
	}
	if u.done(finished) {
		s.Status = succeeded
	}
	return s
}
