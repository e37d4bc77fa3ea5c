package cli_test

import (
	"context"
	"io"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/perdure-dev/perdure/internal/cli"
)

// fakeRegistry takes a while until what was added can be used.
type fakeRegistry struct {
	has     map[string]enumspb.IndexedValueType
	delay   time.Duration
	addedAt time.Time
}

func (r *fakeRegistry) Have(context.Context) (map[string]enumspb.IndexedValueType, error) {
	return maps.Clone(r.has), nil
}

func (r *fakeRegistry) Add(_ context.Context, more map[string]enumspb.IndexedValueType) error {
	maps.Copy(r.has, more)
	r.addedAt = time.Now()
	return nil
}

func (r *fakeRegistry) Usable(_ context.Context, name string, kind enumspb.IndexedValueType) (bool, error) {
	return r.has[name] == kind && time.Since(r.addedAt) >= r.delay, nil
}

func TestSetupAddsWhatIsMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &fakeRegistry{delay: 10 * time.Second, has: map[string]enumspb.IndexedValueType{
			"PerdureState": enumspb.INDEXED_VALUE_TYPE_KEYWORD, "Other": enumspb.INDEXED_VALUE_TYPE_TEXT,
		}}
		began := time.Now()
		report, err := cli.Register(t.Context(), r, io.Discard)
		require.NoError(t, err)
		require.Equal(t, []string{"PerdureService", "PerdureServiceStatus", "PerdureRemoteId", "PerdurePercent"}, report.Added)
		require.Equal(t, []string{"PerdureState"}, report.Present)
		require.GreaterOrEqual(t, time.Since(began), 10*time.Second, "it returns when they can be used")

		report, err = cli.Register(t.Context(), r, io.Discard)
		require.NoError(t, err)
		require.Empty(t, report.Added)
		require.Len(t, report.Present, 5)
	})
}

func TestSetupGivesUpSometime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &fakeRegistry{delay: time.Hour, has: map[string]enumspb.IndexedValueType{}}
		_, err := cli.Register(t.Context(), r, io.Discard)
		require.ErrorContains(t, err, "cannot be used yet")
	})
}

func TestSetupLeavesAnotherTypeAlone(t *testing.T) {
	t.Parallel()
	r := &fakeRegistry{has: map[string]enumspb.IndexedValueType{"PerdurePercent": enumspb.INDEXED_VALUE_TYPE_KEYWORD}}
	_, err := cli.Register(t.Context(), r, io.Discard)
	require.ErrorContains(t, err, "search attribute PerdurePercent is there as Keyword, want Int")
	require.Len(t, r.has, 1)
}
