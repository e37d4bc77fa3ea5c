package protocol

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/perdure-dev/perdure"
)

// Bounds of what is taken over from a service's error.
const (
	maxCodeBytes    = 255
	maxMessageBytes = 4096
)

// ErrorOf reads the error in an answer, whichever the protocol: the header
// x-ms-error-code; else error or odata.error, else the body itself, for code and
// message; a code may be a number; a body may be empty, XML or HTML: then the HTTP
// status is the code and the text the message. Signatures of URLs are hidden.
func ErrorOf(e Exchange) *perdure.ServiceError {
	out := &perdure.ServiceError{HTTPStatus: e.Status}
	if object, ok := e.Object(); ok {
		for _, field := range []string{"error", "odata.error"} {
			if inner, ok := object[field]; ok {
				fill(out, inner)
				break
			}
		}
		if out.Code == "" && out.Message == "" {
			fill(out, e.text())
		}
		out.Details = e.text()
	} else {
		fillText(out, e.text())
	}
	if code := e.Header.Get("X-Ms-Error-Code"); code != "" {
		out.Code = code
	}
	if out.Code == "" {
		out.Code = strconv.Itoa(e.Status)
	}
	if out.Message == "" {
		out.Message = http.StatusText(e.Status)
	}
	return bound(out)
}

// ErrorIn reads the error that a status body carries in raw: an object with code
// and message, or a string. Nil where there is none.
func ErrorIn(raw json.RawMessage) *perdure.ServiceError {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	out := &perdure.ServiceError{}
	fill(out, raw)
	if out.Code == "" && out.Message == "" {
		out.Message = string(raw)
	}
	out.Details = raw
	return bound(out)
}

func fill(out *perdure.ServiceError, raw json.RawMessage) {
	if text := String(raw); text != "" {
		out.Message = text
		return
	}
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil {
		return
	}
	out.Code = word(o["code"])
	if out.Code == "" {
		out.Code = word(o["type"])
	}
	out.Message = String(o["message"])
	if out.Message == "" { // OData v3: {"message": {"lang", "value"}}
		var nested struct {
			Value string `json:"value"`
		}
		if json.Unmarshal(o["message"], &nested) == nil {
			out.Message = nested.Value
		}
	}
}

// word reads a code, which may be a string or a number.
func word(raw json.RawMessage) string {
	if s := String(raw); s != "" {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

func fillText(out *perdure.ServiceError, body []byte) {
	text := strings.ToValidUTF8(strings.TrimSpace(string(body)), "�")
	if strings.HasPrefix(text, "<") {
		var doc struct {
			Code    string `xml:"Code"`
			Message string `xml:"Message"`
		}
		if xml.Unmarshal([]byte(text), &doc) == nil && doc.Code != "" {
			out.Code, out.Message = doc.Code, doc.Message
			return
		}
	}
	out.Message = text
}

func bound(e *perdure.ServiceError) *perdure.ServiceError {
	e.Code = Cut(e.Code, maxCodeBytes)
	e.Message = Cut(string(HideSignatures([]byte(e.Message))), maxMessageBytes)
	e.Details = HideSignatures(e.Details)
	return e
}

// Cut shortens s to at most n bytes, at a rune's border.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
