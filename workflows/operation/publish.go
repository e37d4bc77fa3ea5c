package operation

import (
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// published is what search attributes and memo say, so that only changes are written.
type published struct {
	State         string `json:"state,omitempty"`
	Done          bool   `json:"done,omitempty"`
	Service       string `json:"service,omitempty"`
	ServiceStatus string `json:"serviceStatus,omitempty"`
	RemoteID      string `json:"remoteId,omitempty"`
	Percent       int64  `json:"percent,omitempty"`
	HasPercent    bool   `json:"hasPercent,omitempty"`
}

const (
	maxAttributeBytes = 255
	maxMemoJSONBytes  = 2048
)

// publish shows the status where it can be seen without asking the workflow: in
// search attributes, in the memo, and in Temporal's web UI.
func (o *operation) publish(work workflow.Context) {
	o.showDetails(work)
	now := publishable(o.Status)
	if now == o.Published {
		return
	}
	var updates []temporal.SearchAttributeUpdate
	keyword := func(name, before, after string) {
		if before != after && slices.Contains(o.Attributes, name) {
			updates = append(updates, temporal.NewSearchAttributeKeyKeyword(name).ValueSet(after))
		}
	}
	keyword(perdure.SearchAttributeState, o.Published.State, now.State)
	keyword(perdure.SearchAttributeService, o.Published.Service, now.Service)
	keyword(perdure.SearchAttributeServiceStatus, o.Published.ServiceStatus, now.ServiceStatus)
	keyword(perdure.SearchAttributeRemoteID, o.Published.RemoteID, now.RemoteID)
	if now.HasPercent && (now.Percent != o.Published.Percent || !o.Published.HasPercent) && slices.Contains(o.Attributes, perdure.SearchAttributePercent) {
		updates = append(updates, temporal.NewSearchAttributeKeyInt64(perdure.SearchAttributePercent).ValueSet(now.Percent))
	}
	o.Published = now
	if len(updates) > 0 {
		if err := workflow.UpsertTypedSearchAttributes(work, updates...); err != nil {
			workflow.GetLogger(work).Warn("search attributes were not set", "error", err)
		}
	}
	if err := workflow.UpsertMemo(work, map[string]any{perdure.MemoStatus: forMemo(o.Status)}); err != nil {
		workflow.GetLogger(work).Warn("memo was not set", "error", err)
	}
}

func publishable(s perdure.Status) published {
	p := published{
		State: string(s.State), Done: s.Done, Service: failure.Cut(s.Service, maxAttributeBytes),
		ServiceStatus: failure.Cut(s.ServiceStatus, maxAttributeBytes), RemoteID: failure.Cut(withoutSecrets(s.RemoteID), maxAttributeBytes),
	}
	if s.PercentComplete != nil {
		p.Percent, p.HasPercent = int64(*s.PercentComplete), true
	}
	return p
}

// forMemo is the status without what is large.
func forMemo(s perdure.Status) perdure.Status {
	if len(s.Progress) > maxMemoJSONBytes {
		s.Progress = nil
	}
	if s.Error != nil && len(s.Error.Details) > maxMemoJSONBytes {
		e := *s.Error
		e.Details = nil
		s.Error = &e
	}
	if s.LastError != nil && len(s.LastError.Error.Details) > maxMemoJSONBytes {
		e := *s.LastError
		e.Error.Details = nil
		s.LastError = &e
	}
	return s
}

// withoutSecrets is an id that may be a URL, without its user and query.
func withoutSecrets(id string) string {
	scheme, rest, ok := strings.Cut(id, "://")
	if !ok {
		return id
	}
	rest, _, _ = strings.Cut(rest, "?")
	host, path, found := strings.Cut(rest, "/")
	if _, after, ok := strings.Cut(host, "@"); ok {
		host = after
	}
	if found {
		host += "/" + path
	}
	return scheme + "://" + host
}
