package chaos_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// job is what a start asks for.
type job struct {
	Name string `json:"name"`
}

// jobValue is what one that succeeded has come to.
type jobValue struct {
	Name   string `json:"name"`
	Remote string `json:"remote"`
	Answer int64  `json:"answer"`
}

// start begins an operation, however often it is asked to, unless a key says that it has.
func (v *service) start(w http.ResponseWriter, r *http.Request) {
	var wanted job
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil { // broken off on its way here
		panic(http.ErrAbortHandler)
	}
	entry, pushedBack := v.begin(r.PathValue("service"), wanted.Name, r.Header.Get(keyHeader))
	if pushedBack != 0 {
		w.Header().Set("Retry-After", "1")
		v.books.answered(entry, !write(w, r, pushedBack, map[string]any{"error": map[string]string{"code": "Busy", "message": "later"}}))
		return
	}
	at := "/" + r.PathValue("service") + "/jobs/" + entry.remote
	w.Header().Set("Operation-Location", at)
	w.Header().Set("Retry-After", "1")
	v.books.answered(entry, !write(w, r, http.StatusAccepted, map[string]string{"id": entry.remote, "status": "NotStarted"}))
}

// begin starts an operation, and writes it down at the same time.
func (v *service) begin(service, name, key string) (entry *startEntry, pushedBack int) {
	v.books.mu.Lock()
	defer v.books.mu.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	entry = &startEntry{arrived: time.Now()}
	before := v.books.starts[name]
	v.books.starts[name] = append(before, entry)
	if service == keyed && v.keys[key] != "" {
		entry.remote = v.keys[key]
		return entry, 0
	}
	if back := v.size.operation(name).pushedBack; len(before) < len(back) {
		return entry, back[len(before)]
	}
	entry.executed, entry.remote = true, fmt.Sprintf("%s.%d", name, len(before))
	v.remotes[entry.remote] = remote{name, entry.arrived}
	if service == keyed {
		v.keys[key] = entry.remote
	}
	return entry, 0
}

// status tells how an operation goes, and now and then that it cannot.
func (v *service) status(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("remote")
	v.mu.Lock()
	op, there := v.remotes[id]
	v.mu.Unlock()
	if !there {
		write(w, r, http.StatusNotFound, map[string]any{"error": map[string]string{"code": "NotFound", "message": id}})
		return
	}
	since := time.Since(op.began)
	if since.Milliseconds()%23 == 0 {
		write(w, r, http.StatusBadGateway, map[string]any{"error": map[string]string{"code": "Busy", "message": "later"}})
		return
	}
	w.Header().Set("Retry-After", strconv.Itoa([]int{1, 2, 5}[int(since.Seconds())%3]))
	write(w, r, http.StatusOK, v.size.operation(op.name).seen(id, since, "/"+r.PathValue("service")+"/values/"+id))
}

// seen is how an operation looks after so long.
func (o operationScript) seen(id string, since time.Duration, value string) map[string]any {
	if since < o.takes {
		return map[string]any{"id": id, "status": "Running", "percentComplete": int(100 * since / o.takes)}
	}
	switch o.end {
	case "Failed":
		return map[string]any{"id": id, "status": o.end, "error": map[string]string{"code": "Scripted", "message": strconv.FormatInt(o.answer, 10)}}
	case "Canceled":
		return map[string]any{"id": id, "status": o.end}
	}
	return map[string]any{"id": id, "status": o.end, "resourceLocation": value}
}

func (v *service) value(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("remote")
	v.mu.Lock()
	name := v.remotes[id].name
	v.mu.Unlock()
	write(w, r, http.StatusOK, jobValue{Name: name, Remote: id, Answer: v.size.operation(name).answer})
}
