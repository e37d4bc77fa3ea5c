package openai_test

import (
	"testing"

	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/difftests/internal/compare"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// ours creates an object and waits, as Perdure does.
func (o object) ours(t *testing.T, service *play.Service) compare.Outcome {
	t.Helper()
	out, r := compare.Perdure(t, service, openai.Protocol{}, o.url, `{}`)
	switch out.Kind {
	case compare.Succeeded:
		out.Word, out.Value = r.ServiceStatus, compare.JSON(string(r.Value))
	case compare.Failed, compare.Canceled:
		out.Word, out.Value = r.Status.ServiceStatus, compare.JSON(string(r.Status.Error.Details))
	}
	return out
}
