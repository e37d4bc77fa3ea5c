package chaos_test

import (
	"context"
	"math/rand/v2"
	"time"
)

// clusterFault is a way in which server and database end. Both are started again.
type clusterFault struct {
	kind string
	do   func(ctx context.Context, w *world) error
}

var clusterFaults = []clusterFault{
	{"server killed", func(_ context.Context, w *world) error {
		w.cluster.KillServer()
		return nil
	}},
	{"server stopped", func(ctx context.Context, w *world) error {
		w.stopServer(ctx)
		return nil
	}},
	{"database killed", func(ctx context.Context, w *world) error { return w.cluster.Database.Stop(ctx) }},
	{"database stopped", func(ctx context.Context, w *world) error { return w.cluster.Database.StopInOrder(ctx) }},
	{"server and database killed", func(ctx context.Context, w *world) error {
		w.cluster.KillServer()
		return w.cluster.Database.Stop(ctx)
	}},
}

// serverDrain is how long the server may take to stop in order.
const serverDrain = 20 * time.Second

func (w *world) stopServer(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, serverDrain)
	defer cancel()
	w.cluster.StopServer(ctx)
}

// disturbCluster ends the server or its database now and then, until ctx ends. Both run
// when it returns.
func (w *world) disturbCluster(ctx context.Context) error {
	r := randomFor(w.size.seed, "cluster")
	dealt := deck[clusterFault]{random: r, cards: clusterFaults}
	for pause(ctx, between(r, 5*time.Second, 20*time.Second)) {
		if !w.cluster.ServerRuns() {
			end := w.journal.begin("server ended by itself", true)
			if err := w.startCluster(context.WithoutCancel(ctx)); err != nil {
				return err
			}
			end()
		}
		if err := w.disturbClusterOnce(ctx, dealt.deal(), r); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) disturbClusterOnce(ctx context.Context, fault clusterFault, r *rand.Rand) error {
	defer w.journal.begin(fault.kind, true)()
	lasting := context.WithoutCancel(ctx)
	if err := fault.do(lasting, w); err != nil {
		return err
	}
	pause(ctx, between(r, 0, []time.Duration{time.Second, 10 * time.Second, heartbeatTimeout + 5*time.Second}[r.IntN(3)]))
	return w.startCluster(lasting)
}

// startCluster starts what does not run, and returns when the server answers.
func (w *world) startCluster(ctx context.Context) error {
	if !w.cluster.Database.Runs(ctx) {
		if err := w.cluster.Database.Start(ctx); err != nil {
			return err
		}
	}
	if !w.cluster.ServerRuns() {
		return w.cluster.StartServer(ctx)
	}
	return nil
}
