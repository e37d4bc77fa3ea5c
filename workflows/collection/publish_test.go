package collection_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"

	"github.com/perdure-dev/perdure"
)

func attributes(names ...string) func(*perdure.PageAnswer) {
	return func(a *perdure.PageAnswer) { a.SearchAttributes = names }
}

var allAttributes = []string{
	perdure.SearchAttributeState, perdure.SearchAttributeService, perdure.SearchAttributeServiceStatus,
	perdure.SearchAttributeRemoteID, perdure.SearchAttributePercent,
}

func TestOnlyTheNamespacesAttributesAreSet(t *testing.T) {
	for _, test := range []struct {
		name  string
		names []string
		want  []map[string]any
	}{
		{"none", nil, nil},
		{"all", allAttributes, []map[string]any{{"PerdureState": "running", "PerdureService": "jobs"}, {"PerdureState": "succeeded"}}},
		{"one", []string{perdure.SearchAttributeState}, []map[string]any{{"PerdureState": "running"}, {"PerdureState": "succeeded"}}},
		{"others", []string{"CustomKeywordField", "PerdureSomethingNew"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, now(full(0, attributes(test.names...))), now(full(1, attributes(test.names...))), now(last(2)))
			s.waitAt(time.Second, index(1))
			s.run(request())
			s.succeeded()
			require.Equal(t, test.want, s.attributes)
			require.Len(t, s.memo, 2)
		})
	}
}

// A page adds its own few events and no more.
func TestPagesPublishNothing(t *testing.T) {
	s := newStage(t)
	for i := range 100 {
		s.fetches = append(s.fetches, now(full(i, attributes(allAttributes...))))
	}
	s.fetches = append(s.fetches, now(last(100)))
	s.waitAt(time.Second, index(1000))
	s.run(request())
	s.succeeded()
	require.Len(t, s.attributes, 2)
	require.Len(t, s.memo, 2)
}

func TestTheMemoIsTheStatusWithoutWhatIsLarge(t *testing.T) {
	bad := refused(perdure.ErrorInvalidInput)
	bad.Error.Details = json.RawMessage(`"` + strings.Repeat("x", 3000) + `"`)
	s := newStage(t, now(bad))
	s.run(request())
	_, _, status := s.failed()
	require.NotNil(t, status.Error.Details)
	require.Len(t, s.memo, 1)
	want := status
	want.Segments, want.Error = nil, refused("").Error
	require.Equal(t, want, s.memo[0])

	s = newStage(t, now(full(0)), now(last(1)))
	s.waitAt(time.Second, index(0))
	s.run(request())
	s.succeeded()
	for _, memo := range s.memo {
		require.Empty(t, memo.PageToken)
		require.Empty(t, memo.NextPageToken)
		require.Empty(t, memo.Segments)
	}
	require.Equal(t, perdure.StateRunning, s.memo[0].State)
	require.Equal(t, 2, s.memo[1].Pages)
}

func TestTheNextRunPublishesOnlyWhatChanged(t *testing.T) {
	s := newStage(t, now(full(0, attributes(allAttributes...))), now(full(1)))
	s.waitAt(time.Second, index(0))
	s.suggestAt(500 * time.Millisecond)
	s.run(request())
	second, args := s.continued(now(last(2)))
	second.check(time.Nanosecond, func() {
		require.Equal(t, table("State | `running`", "Service | `jobs`", "Protocol | `nextlink`", "Pages | 2", "Items | 4"), second.details(), "the current details are a run's own")
		require.Empty(t, second.memo)
	})
	second.waitAt(time.Second, index(1))
	second.run(args...)
	second.succeeded()
	require.Equal(t, []map[string]any{{"PerdureState": "succeeded"}}, second.attributes)
	require.Len(t, second.memo, 1)
}

// details are the current details, as Temporal's web UI shows them.
func (s *stage) details() string {
	var metadata sdkpb.WorkflowMetadata
	require.NoError(s.t, s.query(&metadata, "__temporal_workflow_metadata"))
	return metadata.GetCurrentDetails()
}

// table is the current details with these rows.
func table(rows ...string) string {
	return "| Collection | `jobs: GET /jobs` |\n| --- | --- |\n| " + strings.Join(rows, " |\n| ") + " |\n"
}

func TestCurrentDetailsTellHowItGoes(t *testing.T) {
	bad := refused(perdure.ErrorPageRejected)
	bad.Error.Message = "not `for` you"
	s := newStage(t, now(full(0)), now(bad))
	s.waitAt(2*time.Second, index(0))
	s.check(time.Second, func() {
		require.Equal(t, table("State | `running`", "Service | `jobs`", "Protocol | `nextlink`", "Pages | 1", "Items | 2"), s.details())
	})
	s.check(3*time.Second, func() {
		require.Contains(t, s.details(), "| PageRejected | `no: not 'for' you` |\n")
	})
	s.run(request())
	s.succeeded()
	require.NotContains(t, s.details(), "PageRejected")
}
