package ways

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/perdure-dev/perdure/bench/polling/internal/script"
)

// Input of each way.
type Input struct {
	Service   string           `json:"service"` // its URL
	Operation script.Operation `json:"operation"`
	Every     time.Duration    `json:"every"`
}

// Answer is what the service says of an operation.
type Answer struct {
	Status          string          `json:"status"`
	PercentComplete int             `json:"percentComplete"`
	Monitor         string          `json:"monitor,omitempty"` // where to ask; of a start
	Value           json.RawMessage `json:"value,omitempty"`   // where it is done
}

// Done reports whether the operation is over.
func (a Answer) Done() bool { return a.Status == "Succeeded" }

// NewHTTPClient gives one whose connections are kept as Perdure's worker keeps its own.
func NewHTTPClient() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		MaxIdleConns: 50, MaxIdleConnsPerHost: 50, IdleConnTimeout: 90 * time.Second,
	}}
}

func start(ctx context.Context, c *http.Client, in Input) (Answer, error) {
	body, err := json.Marshal(in.Operation)
	if err != nil {
		return Answer{}, err
	}
	return send(ctx, c, http.MethodPost, in.Service+"/operations", body)
}

func ask(ctx context.Context, c *http.Client, monitor string) (Answer, error) {
	return send(ctx, c, http.MethodGet, monitor, nil)
}

func send(ctx context.Context, c *http.Client, method, url string, body []byte) (a Answer, err error) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(r)
	if err != nil {
		return a, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return a, fmt.Errorf("%s %s: %s", method, url, resp.Status)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, err
	}
	a.Monitor = resp.Header.Get("Operation-Location")
	if a.Done() {
		a.Value = text
	}
	return a, nil
}
