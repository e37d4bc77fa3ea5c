package script

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Books are a batch's, at a service that runs elsewhere.
type Books struct {
	URL   string // of the service
	Batch string
}

// Finish ends all operations that go on until then.
func (b Books) Finish(ctx context.Context) error {
	return b.ask(ctx, http.MethodPost, "finish", &struct{}{})
}

// Pace asks the clients to wait so long between questions, in whole seconds.
func (b Books) Pace(ctx context.Context, d time.Duration) error {
	return b.ask(ctx, http.MethodPost, "pace?seconds="+strconv.Itoa(int(d.Seconds())), &struct{}{})
}

// Count gives the count since the last one.
func (b Books) Count(ctx context.Context) (c Count, err error) {
	err = b.ask(ctx, http.MethodPost, "count", &c)
	return c, err
}

// Done says when operations were first said to be done, by name.
func (b Books) Done(ctx context.Context) (at map[string]time.Time, err error) {
	err = b.ask(ctx, http.MethodGet, "done", &at)
	return at, err
}

func (b Books) ask(ctx context.Context, method, what string, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, b.URL+"/batches/"+b.Batch+"/"+what, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, what, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
