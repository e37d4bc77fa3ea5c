package protocol

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/perdure-dev/perdure"
)

// Query strings are taken as they are spelled: one that is signed, or that a service
// spells in its own way, does not survive being read and written again.

// WithParameter gives a URL with one query parameter of that name: where the first of
// the name is, else at the end. All else stays byte for byte.
func WithParameter(target, name, value string) string {
	return withParameter(target, name, value, func(other string) bool { return other == name })
}

// WithAPIVersion is WithParameter for api-version, whose name counts in any case (AG,
// API versioning; azcore, arm/runtime: the api-version policy). An empty version
// leaves the URL as it is.
func WithAPIVersion(target, version string) string {
	const name = "api-version"
	if version == "" {
		return target
	}
	return withParameter(target, name, version, func(other string) bool { return strings.EqualFold(other, name) })
}

// APIVersionFault is what is wrong with a version that a caller gives; "" is nothing.
func APIVersionFault(version string) string {
	switch {
	case len(version) > perdure.MaxNameBytes:
		return fmt.Sprintf("has %d bytes, want at most %d", len(version), perdure.MaxNameBytes)
	case strings.ContainsFunc(version, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "has a space or a control character"
	}
	return ""
}

func withParameter(target, name, value string, same func(name string) bool) string {
	head, query, _ := strings.Cut(target, "?")
	pair := url.QueryEscape(name) + "=" + url.QueryEscape(value)
	if query == "" {
		return head + "?" + pair
	}
	pairs := strings.Split(query, "&")
	at := slices.IndexFunc(pairs, func(p string) bool { return same(parameterName(p)) })
	if at < 0 {
		return target + "&" + pair
	}
	pairs[at] = pair
	rest := slices.DeleteFunc(pairs[at+1:], func(p string) bool { return same(parameterName(p)) })
	return head + "?" + strings.Join(pairs[:at+1+len(rest)], "&")
}

// WithParametersOf gives a URL with the query parameters of another that are called
// name, as they are spelled there, unless it has one of that name.
func WithParametersOf(target, other, name string) string {
	if len(parameters(target, name)) > 0 {
		return target
	}
	for _, pair := range parameters(other, name) {
		separator := "&"
		switch _, query, has := strings.Cut(target, "?"); {
		case !has:
			separator = "?"
		case query == "":
			separator = ""
		}
		target += separator + pair
	}
	return target
}

// parameters are the pairs of a URL's query that have the name, as they are spelled.
func parameters(target, name string) []string {
	_, query, _ := strings.Cut(target, "?")
	return slices.DeleteFunc(strings.Split(query, "&"), func(p string) bool { return p == "" || parameterName(p) != name })
}

func parameterName(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	if decoded, err := url.QueryUnescape(name); err == nil {
		return decoded
	}
	return name
}
