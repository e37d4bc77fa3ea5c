package starter

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/perdure-dev/perdure"
)

// adoptedID is the workflow id of an operation that is taken over: made of the service
// and the status monitor, so that however often it is adopted, it is one operation.
func adoptedID(in perdure.OperationInput) string {
	a := in.Adopt
	monitor := a.StatusURL
	switch {
	case a.Azcore != "":
		monitor = azcoreMonitor(a.Azcore)
	case a.Operation != "":
		collection, _, _ := strings.Cut(a.Collection, "?")
		monitor = strings.TrimSuffix(collection, "/") + "/" + a.Operation
	}
	sum := sha256.Sum256([]byte(in.ServiceName() + "\x00" + monitor))
	return "perdure-adopted-" + hex.EncodeToString(sum[:16])
}

// azcoreMonitor is the status monitor in a resume token of the Azure SDK for Go,
// whose other fields change while the operation runs; the whole text where there is
// none to be found.
func azcoreMonitor(text string) string {
	var resume struct {
		Token map[string]json.RawMessage `json:"token"`
	}
	if json.Unmarshal([]byte(text), &resume) != nil {
		return text
	}
	for _, field := range []string{"asyncURL", "oplocURL", "pollURL"} {
		var url string
		if json.Unmarshal(resume.Token[field], &url) == nil && url != "" {
			return url
		}
	}
	return text
}
