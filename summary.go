package perdure

import (
	"net/url"
	"strings"
)

// maxSummaryBytes leaves room for encryption below the 400 bytes that Temporal takes.
const maxSummaryBytes = 120

// Summary is a line about the operation for people, such as Temporal's web UI shows: the
// type, or where there is none the request without its query.
func (in *OperationInput) Summary() string {
	if in.Adopt != nil && in.Type == "" {
		return summary("adopted", in.Service, nil)
	}
	return summary(in.Type, in.ServiceName(), in.Request)
}

// Summary is a line about the collection for people: the type, or where there is none
// the request without its query.
func (in *CollectionInput) Summary() string { return summary(in.Type, in.ServiceName(), in.Request) }

// Summary is a line about the stream for people: the type, or where there is none the
// request without its query.
func (in *StreamInput) Summary() string { return summary(in.Type, in.ServiceName(), in.Request) }

func summary(typ, service string, r *Request) string {
	line := typ
	switch {
	case typ != "":
	case r == nil:
		line = "taken up from a token"
	default:
		line = r.Method
		if u, err := url.Parse(r.URL); err == nil {
			line += " " + u.Host + u.EscapedPath()
		}
	}
	if service != "" {
		line = service + ": " + line
	}
	if len(line) > maxSummaryBytes {
		line = strings.ToValidUTF8(line[:maxSummaryBytes], "")
	}
	return line
}
