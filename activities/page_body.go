package activities

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// putAround takes the values out of the response's body, where they stand as they are:
// they are recorded once.
func putAround(out *perdure.PageAnswer, s *Service) {
	body := out.Response.Body
	if body == nil || body.JSON == nil || out.Response.Truncated {
		return
	}
	whole, values := recorded(body.JSON), recorded(out.Values)
	if len(values) <= len("[]") || len(whole) > maxAroundBytes {
		return
	}
	before, after, found := bytes.Cut(whole, s.HideSecrets(values))
	if !found {
		return
	}
	out.Values, out.Around, out.Response.Body = values, &perdure.Around{Before: string(before), After: string(after)}, nil
}

// maxAroundBytes bounds a body whose values are put back by whoever reads the page, who
// then gets them twice.
const maxAroundBytes = 512 << 10

// recorded is JSON as it is recorded: without white space, and safe in HTML.
func recorded(raw json.RawMessage) []byte {
	b, err := json.Marshal(raw)
	if err != nil {
		return raw
	}
	return b
}

// fitPage keeps a page within what Temporal takes: the captured body goes first, then
// there is an error that says so.
func fitPage(out *perdure.PageAnswer) (*perdure.PageAnswer, error) {
	for {
		raw, err := json.Marshal(out)
		switch {
		case err != nil:
			return nil, fmt.Errorf("write the page: %w", err)
		case len(raw) <= maxAnswerBytes:
			return out, nil
		case out.Response.Body != nil:
			out.Response.Body, out.Response.Truncated = nil, true
			continue
		}
		return &perdure.PageAnswer{Protocol: out.Protocol, ErrorType: perdure.ErrorResponseTooLarge, Error: &perdure.ServiceError{
			Code:    perdure.ErrorResponseTooLarge,
			Message: fmt.Sprintf("the page makes a payload of %d bytes, above the %d that fit into a workflow; %s, or ask the service for smaller pages", len(raw), maxAnswerBytes, setStorage),
		}}, nil
	}
}

// printOf tells one request from another: two with the same print ask for the same
// page.
func printOf(ask protocol.Ask) string {
	parts := []string{ask.Method, ask.URL, string(ask.Body)}
	for _, name := range slices.Sorted(maps.Keys(ask.Header)) {
		parts = append(parts, name, strings.Join(ask.Header[name], ","))
	}
	return digest(parts...)
}
