package openai_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// theirs creates an object and waits, with the SDK's own helper.
func (o object) theirs(t *testing.T, service *play.Service) (out compare.Outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client := openai.NewClient(option.WithHTTPClient(service.Client()), option.WithBaseURL("http://openai.test/v1"), option.WithAPIKey("none"))
		out = o.outcome(o.create(t.Context(), client))
	})
	return out
}

func (o object) outcome(status, raw string, err error) compare.Outcome {
	var refused *openai.Error
	switch {
	case errors.As(err, &refused):
		return compare.Outcome{Kind: compare.Refused, Word: strconv.Itoa(refused.StatusCode)}
	case err != nil:
		return compare.Outcome{Kind: compare.Unreadable}
	case slices.Contains(o.succeeded, status):
		return compare.Outcome{Kind: compare.Succeeded, Word: status, Value: compare.JSON(raw)}
	case slices.Contains(o.failed, status):
		return compare.Outcome{Kind: compare.Failed, Word: status, Value: compare.JSON(raw)}
	case slices.Contains(o.canceled, status):
		return compare.Outcome{Kind: compare.Canceled, Word: status, Value: compare.JSON(raw)}
	}
	return compare.Outcome{Kind: "of another status", Word: status}
}
