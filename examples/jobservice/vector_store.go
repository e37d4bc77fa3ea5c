package jobservice

import "time"

type vectorStoreRequest struct {
	Name     *string           `json:"name"`
	FileIDs  []string          `json:"file_ids"`
	Metadata map[string]string `json:"metadata"`
}

type vectorStore struct {
	ID           string            `json:"id"`
	Object       string            `json:"object"`
	CreatedAt    int64             `json:"created_at"`
	Name         *string           `json:"name"`
	UsageBytes   int               `json:"usage_bytes"`
	FileCounts   fileCounts        `json:"file_counts"`
	Status       string            `json:"status"`
	ExpiresAt    *int64            `json:"expires_at"`
	LastActiveAt *int64            `json:"last_active_at"`
	LastError    *lastError        `json:"last_error,omitempty"`
	Metadata     map[string]string `json:"metadata"`
}

type fileCounts struct {
	InProgress int `json:"in_progress"`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"`
	Cancelled  int `json:"cancelled"`
	Total      int `json:"total"`
}

// lastError is as vector_store.file has it.
type lastError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

const (
	filesByDefault = 10
	bytesOfAFile   = 1024
)

func (s *Service) parseVectorStore(body []byte) (subject, plan, error) {
	var request vectorStoreRequest
	if err := decode(body, &request); err != nil {
		return subject{}, plan{}, err
	}
	p, err := s.options.metadataPlan(request.Metadata)
	return subject{vectorStore: request}, p, err
}

func vectorStoreView(o *operation, now time.Time) (any, string) {
	request := o.subject.vectorStore
	files := len(request.FileIDs)
	if files == 0 {
		files = filesByDefault
	}
	counts := fileCounts{Total: files, Completed: of(files, o.fraction(now))}
	store := vectorStore{
		ID:           o.id,
		Object:       string(VectorStore),
		CreatedAt:    o.startedAt.Unix(),
		Name:         request.Name,
		Status:       "in_progress",
		LastActiveAt: unix(&now),
		Metadata:     orEmpty(request.Metadata),
	}
	switch o.phase(now) {
	case succeeded:
		store.Status = "completed"
	case failed:
		store.Status = "expired"
		store.ExpiresAt = unix(o.reached(1, now))
		store.LastError = &lastError{Code: "server_error", Message: o.plan.fail}
		counts.Completed--
		counts.Failed++
	case running, canceling, canceled: // it has no cancel
	}
	counts.InProgress = counts.Total - counts.Completed - counts.Failed
	store.FileCounts = counts
	store.UsageBytes = counts.Completed * bytesOfAFile
	return store, store.Status
}

func orEmpty(metadata map[string]string) map[string]string {
	if metadata == nil {
		return map[string]string{}
	}
	return metadata
}
