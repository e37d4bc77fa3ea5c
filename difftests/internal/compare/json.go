package compare

import (
	"encoding/json"
	"fmt"
	"strings"
)

// JSON is a document in one spelling, with every digit. What is no JSON stays as it is.
func JSON(raw string) string {
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	return fmt.Sprint(v)
}
