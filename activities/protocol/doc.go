// Package protocol says what a protocol of long-running operations is: pure
// functions from a service's answers to what they mean, and what to ask next.
//
// A protocol sends nothing, sleeps for nothing and keeps nothing: its state is
// JSON that travels, sealed, through the workflow and the continuation token.
// Whatever is common to all protocols (what is transient, how long to wait, error
// bodies, relative URLs) is here or in the activities, once.
//
// To add a protocol of your own, implement Protocol, pass protocoltest.Run, and
// register it with the worker.
//
// A pager is to the pages of a list what a protocol is to an operation: Pager, Paging
// and protocoltest.RunPager. A streamer is that to the events of a stream: Streamer,
// Streaming and protocoltest.RunStreamer.
//
// May import: the root package and the standard library; no Temporal.
package protocol
