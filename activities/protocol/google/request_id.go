package google

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// requestIDWindow is how long a request id counts at least: "the server will
// guarantee that for at least 60 minutes after the first request", say the request_id
// fields of Google Cloud's APIs; AIP-155 itself leaves it to the service.
const requestIDWindow = time.Hour

// requestIDField is where the start carries its request id; at most one is set.
type requestIDField struct {
	Query string `json:"query"`
	Body  string `json:"body"`
}

// readRequestIDField reads a query parameter's name, {"query": name} or {"body": name}.
//
// The standard methods send the resource as the body, so that their request_id is in
// the query; custom methods send the whole request as the body (AIP-133, AIP-136).
func readRequestIDField(raw json.RawMessage) (requestIDField, error) {
	const field = "requestIdField"
	if isAbsent(raw) {
		return requestIDField{}, nil
	}
	f := requestIDField{Query: protocol.String(raw)}
	if f.Query == "" {
		if err := protocol.Options(raw, &f); err != nil {
			return f, &perdure.InputError{Field: field, Message: `want a query parameter's name, {"query": name} or {"body": name}`}
		}
	}
	if (f.Query == "") == (f.Body == "") {
		return f, &perdure.InputError{Field: field, Message: "want one name: of a query parameter, or of a field of the body"}
	}
	return f, nil
}

var _ protocol.Keyer = bound{}

// PutKey writes the key as a request id, which has to be a UUID of version 4. The
// same key gives the same id (AIP-155).
func (b bound) PutKey(start *protocol.Ask, key string) (time.Duration, error) {
	switch id := requestID(key); {
	case b.requestID.Query != "":
		start.URL = protocol.WithParameter(start.URL, b.requestID.Query, id)
	case b.requestID.Body != "":
		body, err := withField(start.Body, b.requestID.Body, id)
		if err != nil {
			return 0, err
		}
		start.Body = body
		if start.Header == nil {
			start.Header = http.Header{}
		}
		if start.Header.Get("Content-Type") == "" {
			start.Header.Set("Content-Type", "application/json")
		}
	default:
		return 0, nil
	}
	return requestIDWindow, nil
}

// requestID is the key itself where it is a UUID of version 4, else one that is made
// of it alone.
func requestID(key string) string {
	if id, err := uuid.Parse(key); err == nil && id.Version() == 4 && id.Variant() == uuid.RFC4122 && len(key) == len(id.String()) {
		return key
	}
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("google request_id\x00"+key), 4).String()
}

// withField sets a top-level field of a JSON object.
func withField(body []byte, name, value string) ([]byte, error) {
	object := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(body)) > 0 {
		given, ok := protocol.Exchange{Body: body}.Object()
		if !ok {
			return nil, &perdure.InputError{Field: "request.body", Message: "is no JSON object, and the request id goes into the body's field " + name}
		}
		object = given
	}
	quoted, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	object[name] = quoted
	return json.Marshal(object)
}
