// Package devserver runs a Temporal server and its web UI inside the calling
// process: for the demo, for tests against a real server, and for one machine.
//
// [Start] comes back when a client can work with the server: the namespaces
// exist, Perdure's search attributes are registered, workflows can be started.
// The zero [Options] keep everything in memory and listen on free ports of
// 127.0.0.1, so that any number of servers, none knowing of the others, run in
// one process. With [Options.DBFilename] everything is in one SQLite file, and
// a server started on that file goes on where the last one stopped, whether it
// was stopped, killed or lost its power.
//
//	server, err := devserver.Start(ctx, devserver.Options{})
//	if err != nil { ... }
//	defer server.Stop()
//	c, err := client.Dial(client.Options{HostPort: server.HostPort()})
//
// There is no authentication and no TLS: whoever reaches the port may do
// anything. That, one history shard and one SQLite connection are what make it a
// server for development and for one machine.
//
// May import: the Temporal server with its SQLite plug-in, its API and its web
// UI, gRPC, protobuf, the standard library. Not the SDK, and not the main module:
// what needs both, such as end-to-end tests, imports both.
package devserver
