package protocol

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// wordOfMore is in the names by which services say that there is more, whatever their
// convention: nextCursor, has_more, X-Next-Page, isTruncated, continuationToken.
var wordOfMore = regexp.MustCompile(`(?i)next|more|cursor|continu|truncat`)

// wordOfTotal is in the names by which they say how much there is: X-Total-Count.
var wordOfTotal = regexp.MustCompile(`(?i)total`)

// saysMore reports whether a first page of so many values, which a convention takes
// for the last, has something in its status, its headers or beside its values that
// reads as if there were more.
func saysMore(first Exchange, count int) bool {
	if first.Status == http.StatusPartialContent {
		return true
	}
	for name, values := range first.Header {
		raw, err := json.Marshal(strings.Join(values, ""))
		if err != nil || isMore(name, raw, count) {
			return true
		}
	}
	body, _ := first.Object()
	return anyMore("", body, count)
}

// anyMore looks at an object's fields, and at those of the objects in it by their
// dotted names: links.next.href.
func anyMore(prefix string, object map[string]json.RawMessage, count int) bool {
	const levels = 4
	if strings.Count(prefix, ".") >= levels {
		return false
	}
	for name, raw := range object {
		inner, isObject := Exchange{Body: raw}.Object()
		if anyMore(prefix+name+".", inner, count) || !isObject && isMore(prefix+name, raw, count) {
			return true
		}
	}
	return false
}

func isMore(name string, raw json.RawMessage, count int) bool {
	if wordOfTotal.MatchString(name) {
		total, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
		return err == nil && total > float64(count)
	}
	switch string(raw) {
	case "null", "false", "0", `""`, `"0"`, `"false"`, "[]":
		return false
	}
	return wordOfMore.MatchString(name)
}
