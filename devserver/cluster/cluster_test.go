package cluster_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/devserver/cluster"
)

// The server that docker-compose.yml describes runs, and comes back after a kill with
// what it had; so does the database.
func TestTheServerOfTheComposeFile(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	c, err := cluster.Start(ctx, "../..", t.TempDir())
	if errors.Is(err, cluster.ErrNoPostgreSQL) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { c.Stop(context.WithoutCancel(ctx)) })
	started := func() string {
		dialled, err := client.DialContext(ctx, client.Options{HostPort: c.HostPort()})
		require.NoError(t, err)
		defer dialled.Close()
		run, err := dialled.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "kept", TaskQueue: "nobody"}, "any")
		require.NoError(t, err)
		return run.GetRunID()
	}
	before := started()
	c.KillServer()
	require.NoError(t, c.Database.Stop(ctx))
	require.NoError(t, c.Database.Start(ctx))
	require.NoError(t, c.StartServer(ctx))
	require.Equal(t, before, started(), "the workflow is still there, and is attached to")
}
