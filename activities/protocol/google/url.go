package google

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/perdure-dev/perdure"
)

// checkTemplate refuses a URL template without {name}, or with anything of the
// service's in its host.
func checkTemplate(template string) error {
	const field = "operationURL"
	switch {
	case template == "":
		return nil
	case !strings.Contains(template, "{name}"):
		return &perdure.InputError{Field: field, Message: "has no {name}"}
	}
	if _, rest, absolute := strings.Cut(template, "://"); absolute {
		if end := strings.IndexAny(rest, "/?"); end >= 0 {
			rest = rest[:end]
		}
		if strings.ContainsAny(rest, "{}") {
			return &perdure.InputError{Field: field, Message: "has a brace in its host"}
		}
	}
	filled := strings.NewReplacer("{name}", "operations/1", "{version}", "v1").Replace(template)
	if strings.ContainsAny(filled, "{}") {
		return &perdure.InputError{Field: field, Message: "has a brace that is no part of {name} or {version}"}
	}
	return perdure.CheckURL(field, filled)
}

// url is where an operation is asked for. What is not known of the version is left
// out together with its slash.
func (b bound) url(startURL, name string) string {
	path, _, _ := strings.Cut(startURL, "?")
	root, version := versionOf(path)
	if b.operationURL == "" {
		return strings.TrimSuffix(root+"/"+version, "/") + "/" + escape(name)
	}
	template := b.operationURL
	if version == "" {
		template = strings.ReplaceAll(template, "{version}/", "")
	}
	path, query, has := strings.Cut(template, "?")
	out := strings.NewReplacer("{name}", escape(name), "{version}", version).Replace(path)
	if has {
		name = strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
		out += "?" + strings.NewReplacer("{name}", name, "{version}", version).Replace(query)
	}
	return out
}

// version is a major version with its stability, perhaps (AIP-185).
var version = regexp.MustCompile(`^v[0-9]+((p[0-9]+)?(alpha|beta)[0-9]*)?$`)

// versionOf finds the first segment of a URL's path that is a version, and what
// stands before it; without one that is the URL's origin.
func versionOf(target string) (root, found string) {
	origin, path := "", target
	if scheme, rest, absolute := strings.Cut(target, "://"); absolute {
		host, _, _ := strings.Cut(rest, "/")
		origin = scheme + "://" + host
		path = strings.TrimPrefix(rest, host)
	}
	before := origin
	for i, segment := range strings.Split(path, "/") {
		if version.MatchString(segment) {
			return before, segment
		}
		if i > 0 {
			before += "/" + segment
		}
	}
	return origin, ""
}

// escape escapes a name by its segments: what is between two slashes cannot name
// another path or begin a query.
func escape(name string) string {
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}

// checkName says what is wrong with a name; "" is nothing. Servers that decode a path
// before they read it would take a dot segment for another path.
func checkName(name string) string {
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" {
			return "has an empty segment"
		}
		for part := range strings.SplitSeq(segment, `\`) {
			if part == "." || part == ".." {
				return "has a dot segment"
			}
		}
	}
	return ""
}
