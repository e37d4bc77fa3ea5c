package jobservice

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// answer is what a request is answered with.
type answer struct {
	status int
	header http.Header
	body   []byte

	// For the books.
	operation string
	repeated  bool
	state     string
	done      bool
}

func jsonAnswer(status int, body any) answer {
	a := answer{status: status, header: http.Header{}}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // only shapes of this package are encoded
	}
	a.body = text.Bytes()
	a.header.Set("Content-Type", "application/json")
	return a
}

// about puts into the books which operation it was and how it was.
func (a answer) about(o *operation, state string, now time.Time) answer {
	a.operation, a.state, a.done = o.id, state, o.phase(now).done()
	return a
}

// serviceError is an error in the OpenAI shape.
type serviceError struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// refuse answers with an error; an empty code or param is null.
func refuse(status int, code, param, message string) answer {
	kind := "invalid_request_error"
	if status >= http.StatusInternalServerError {
		kind = "server_error"
	}
	return refuseAs(status, serviceError{Message: message, Type: kind, Param: orNull(param), Code: orNull(code)})
}

func refuseAs(status int, e serviceError) answer {
	return jsonAnswer(status, map[string]serviceError{"error": e})
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// pollAfter asks the client to wait, in the header of the style.
func (a answer) pollAfter(kind Kind, d time.Duration) answer {
	if d <= 0 || a.done {
		return a
	}
	switch kind {
	case VectorStore, Batch:
		a.header.Set("openai-poll-after-ms", strconv.FormatInt(max(1, d.Milliseconds()), 10))
	case Job:
		a.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(d.Seconds()))))
	case Item: // nobody waits for one
	}
	return a
}
