package google

import (
	"encoding/json"
	"strconv"

	"github.com/perdure-dev/perdure/activities/protocol"
)

const (
	unknown  = "UNKNOWN"
	canceled = "CANCELLED"
)

// codes are the names by number (google/rpc/code.proto).
var codes = [...]string{
	"OK", canceled, unknown, "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
	"DATA_LOSS", "UNAUTHENTICATED",
}

// codeName names a code. An error without a code, or with that of success, is
// UNKNOWN; a number that nobody knows stays a number.
func codeName(raw json.RawMessage) string {
	if name := protocol.String(raw); name != "" {
		return name // JSON of proto3 takes an enum's name for its number
	}
	var number json.Number
	if json.Unmarshal(raw, &number) != nil || number == "" || number == "0" {
		return unknown
	}
	if n, err := strconv.Atoi(number.String()); err == nil && n > 0 && n < len(codes) {
		return codes[n]
	}
	return number.String()
}
