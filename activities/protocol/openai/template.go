package openai

import (
	"net/url"
	"strings"

	"github.com/perdure-dev/perdure"
)

// checkTemplate refuses a URL template without {id}, or with one in its host.
func checkTemplate(field, template string) error {
	if template == "" {
		return nil
	}
	if !strings.Contains(template, "{id}") {
		return &perdure.InputError{Field: field, Message: "has no {id}"}
	}
	if _, rest, absolute := strings.Cut(template, "://"); absolute {
		if end := strings.IndexAny(rest, "/?"); end >= 0 {
			rest = rest[:end]
		}
		if strings.Contains(rest, "{id}") {
			return &perdure.InputError{Field: field, Message: "has {id} in its host"}
		}
	}
	return perdure.CheckURL(field, strings.ReplaceAll(template, "{id}", "id"))
}

// fillID puts an id, which comes from the service, into a template: no id can name
// another path or add to the query.
func fillID(template, id string) string {
	path, query, has := strings.Cut(template, "?")
	path = strings.ReplaceAll(path, "{id}", url.PathEscape(id))
	if !has {
		return path
	}
	return path + "?" + strings.ReplaceAll(query, "{id}", strings.ReplaceAll(url.QueryEscape(id), "+", "%20"))
}

// appendPath puts one escaped segment after a URL's path, before its query.
func appendPath(base, segment string) string {
	path, query, has := strings.Cut(base, "?")
	path = strings.TrimSuffix(path, "/") + "/" + segment
	if !has {
		return path
	}
	return path + "?" + query
}

// hasDots reports whether a segment of an id is "." or "..": servers that decode a
// path before they read it would take it for another.
func hasDots(id string) bool {
	for segment := range strings.FieldsFuncSeq(id, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
