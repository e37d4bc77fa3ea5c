package azure

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/perdure-dev/perdure"
)

const versionParameter = "api-version"

// withVersion puts the option's api-version on a URL, in place of the one that it
// has, in whatever case. The rest of the query stays byte for byte: it may be signed
// (AG, API versioning; azcore, arm/runtime: the api-version policy).
func (b bound) withVersion(raw string) string {
	if b.APIVersion == "" {
		return raw
	}
	head, query, _ := strings.Cut(raw, "?")
	ours := versionParameter + "=" + url.QueryEscape(b.APIVersion)
	var out []string
	placed := false
	for pair := range strings.SplitSeq(query, "&") {
		switch {
		case !isVersion(pair):
			if pair != "" || query != "" {
				out = append(out, pair)
			}
		case !placed:
			out, placed = append(out, ours), true
		}
	}
	if !placed {
		out = append(out, ours)
	}
	return head + "?" + strings.Join(out, "&")
}

func isVersion(pair string) bool {
	name, _, _ := strings.Cut(pair, "=")
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	return strings.EqualFold(name, versionParameter)
}

func versionFault(version string) string {
	switch {
	case len(version) > perdure.MaxNameBytes:
		return fmt.Sprintf("has %d bytes, want at most %d", len(version), perdure.MaxNameBytes)
	case strings.ContainsFunc(version, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "has a space or a control character"
	}
	return ""
}
