// Package sse reads event streams, text/event-stream, as the WHATWG's HTML standard says
// (https://html.spec.whatwg.org/multipage/server-sent-events.html), and is the streamer
// for services that keep to it.
//
// A dialect of one's own, with end marks of its own, is a Dialect: package openai has
// one.
//
// May import: the root package, packages protocol and streaming, and the standard
// library.
package sse
