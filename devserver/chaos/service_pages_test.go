package chaos_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// page gives one page of a collection, and where the next one is.
func (v *service) page(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	pages := v.size.collection(name)
	index, _ := strconv.Atoi(r.URL.Query().Get("page"))
	body := struct {
		Value    []json.RawMessage `json:"value"`
		NextLink string            `json:"nextLink,omitempty"`
	}{Value: pages[index]}
	if body.Value == nil {
		body.Value = []json.RawMessage{}
	}
	if index+1 < len(pages) {
		body.NextLink = fmt.Sprintf("/lists/%s?page=%d", name, index+1)
	}
	write(w, r, http.StatusOK, body)
}
