// Package machine runs what a benchmark measures in processes of their own, so that what
// each of them costs can be told apart: a Temporal server on either database, Perdure's
// worker as it is deployed, and roles of the benchmark's own program.
//
//	programs, err := machine.Build(ctx, "..") // from the folder bench
//	defer programs.Close()
//	server, err := programs.StartServer(ctx, machine.SQLite)
//	defer server.Stop()
//	worker, err := programs.StartWorker(ctx, server.HostPort(), "perdure.yaml")
//	defer worker.Stop()
//	before, err := server.CPU()
//
// May import: devserver/cluster, procfs, Temporal's SDK, the standard library.
package machine
