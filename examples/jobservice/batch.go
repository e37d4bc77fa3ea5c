package jobservice

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

type batchRequest struct {
	InputFileID      string            `json:"input_file_id"`
	Endpoint         string            `json:"endpoint"`
	CompletionWindow string            `json:"completion_window"`
	Metadata         map[string]string `json:"metadata"`

	total, failing int // of the requests in the input file
}

type batch struct {
	ID               string            `json:"id"`
	Object           string            `json:"object"`
	Endpoint         string            `json:"endpoint"`
	Errors           *batchErrors      `json:"errors"`
	InputFileID      string            `json:"input_file_id"`
	CompletionWindow string            `json:"completion_window"`
	Status           string            `json:"status"`
	OutputFileID     *string           `json:"output_file_id"`
	ErrorFileID      *string           `json:"error_file_id"`
	CreatedAt        int64             `json:"created_at"`
	InProgressAt     *int64            `json:"in_progress_at"`
	ExpiresAt        *int64            `json:"expires_at"`
	FinalizingAt     *int64            `json:"finalizing_at"`
	CompletedAt      *int64            `json:"completed_at"`
	FailedAt         *int64            `json:"failed_at"`
	ExpiredAt        *int64            `json:"expired_at"`
	CancellingAt     *int64            `json:"cancelling_at"`
	CancelledAt      *int64            `json:"cancelled_at"`
	RequestCounts    requestCounts     `json:"request_counts"`
	Metadata         map[string]string `json:"metadata"`
}

type requestCounts struct {
	Total     int `json:"total"`
	Completed int `json:"completed"`
	Failed    int `json:"failed"`
}

type batchErrors struct {
	Object string       `json:"object"`
	Data   []batchError `json:"data"`
}

type batchError struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Param   *string `json:"param"`
	Line    *int    `json:"line"`
}

const (
	requestsByDefault = 10
	batchWindow       = 24 * time.Hour

	// A batch is validating for the first part of its time, finalizing for the
	// last.
	validated  = 0.25
	finalizing = 0.75
)

func (s *Service) parseBatch(body []byte) (subject, plan, error) {
	var request batchRequest
	if err := decode(body, &request); err != nil {
		return subject{}, plan{}, err
	}
	if err := request.validate(); err != nil {
		return subject{}, plan{}, err
	}
	p, err := s.options.metadataPlan(request.Metadata)
	return subject{batch: request}, p, err
}

func (r *batchRequest) validate() error {
	switch {
	case r.InputFileID == "":
		return errors.New("input_file_id: required")
	case r.Endpoint == "":
		return errors.New("endpoint: required")
	case r.CompletionWindow != "24h":
		return errors.New(`completion_window: only "24h" is supported`)
	}
	var err error
	if r.total, err = count(r.Metadata, "requests", requestsByDefault); err != nil {
		return err
	}
	r.failing, err = count(r.Metadata, "failed_requests", 0)
	if err == nil && r.failing > r.total {
		err = errors.New("metadata.failed_requests: more than there are requests")
	}
	if r.Metadata["fail"] != "" {
		r.failing = r.total
	}
	return err
}

func count(metadata map[string]string, key string, byDefault int) (int, error) {
	text, given := metadata[key]
	if !given {
		return byDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0, fmt.Errorf("metadata.%s: %q is no count", key, text)
	}
	return n, nil
}

// counts is 0 of 0 while the batch is being validated; the requests that fail
// are the last.
func (r batchRequest) counts(fraction float64) requestCounts {
	if fraction < validated {
		return requestCounts{}
	}
	answered := of(r.total, min(1, (fraction-validated)/(finalizing-validated)))
	failed := max(0, answered-(r.total-r.failing))
	return requestCounts{Total: r.total, Completed: answered - failed, Failed: failed}
}

func batchView(o *operation, now time.Time) (any, string) {
	request := o.subject.batch
	fraction := o.fraction(now)
	b := batch{
		ID:               o.id,
		Object:           string(Batch),
		Endpoint:         request.Endpoint,
		InputFileID:      request.InputFileID,
		CompletionWindow: request.CompletionWindow,
		Status:           batchStatus(o.phase(now), fraction),
		CreatedAt:        o.startedAt.Unix(),
		InProgressAt:     unix(o.reached(validated, now)),
		ExpiresAt:        new(o.startedAt.Add(batchWindow).Unix()),
		FinalizingAt:     unix(o.reached(finalizing, now)),
		RequestCounts:    request.counts(fraction),
		Metadata:         orEmpty(request.Metadata),
	}
	if !o.cancelAsked.IsZero() {
		b.CancellingAt = unix(&o.cancelAsked)
	}
	switch o.phase(now) {
	case succeeded:
		b.CompletedAt = unix(o.reached(1, now))
		b.nameFiles()
	case failed:
		b.FailedAt = unix(o.reached(1, now))
		b.Errors = &batchErrors{Object: "list", Data: []batchError{{Code: "batch_failed", Message: o.plan.fail}}}
	case canceled:
		b.CancelledAt = unix(o.canceledAt(now))
		b.nameFiles()
	case running, canceling:
	}
	return b, b.Status
}

func batchStatus(p phase, fraction float64) string {
	switch p {
	case succeeded:
		return "completed"
	case failed:
		return "failed"
	case canceled:
		return "cancelled"
	case canceling:
		return "cancelling"
	case running:
	}
	switch {
	case fraction < validated:
		return "validating"
	case fraction < finalizing:
		return "in_progress"
	}
	return "finalizing"
}

// nameFiles names the files that there is something in.
func (b *batch) nameFiles() {
	if b.RequestCounts.Completed > 0 {
		b.OutputFileID = new("file-output-" + b.ID)
	}
	if b.RequestCounts.Failed > 0 {
		b.ErrorFileID = new("file-error-" + b.ID)
	}
}
