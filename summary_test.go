package perdure_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	request := &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs?key=canary"}
	for _, test := range []struct {
		name string
		in   perdure.OperationInput
		want string
	}{
		{"type", perdure.OperationInput{Type: "CreateVectorStore", Request: request}, "jobs: CreateVectorStore"},
		{"request", perdure.OperationInput{Request: request}, "jobs: POST /jobs"},
		{"absolute", perdure.OperationInput{Request: &perdure.Request{Method: "PUT", URL: "https://ada:canary@jobs.test/a?b"}}, "PUT jobs.test/a"},
		{"adopted", perdure.OperationInput{Adopt: &perdure.Adoption{Operation: "7"}, Service: "jobs"}, "jobs: adopted"},
		{"token", perdure.OperationInput{Token: "perdure1_"}, "taken up from a token"},
		{"long", perdure.OperationInput{Type: "a" + strings.Repeat("ä", 100)}, "a" + strings.Repeat("ä", 59)},
	} {
		require.Equal(t, test.want, test.in.Summary(), test.name)
	}
}
