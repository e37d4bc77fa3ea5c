// Package perduretest is for tests: of subclients and services that use package starter,
// and of what speaks to services that run long-running operations.
//
// # Without Temporal
//
// A [Client] stands for Temporal, the workers and the service. The test says what a
// request leads to, and hands [Client.Starter] to what it tests:
//
//	fake := perduretest.NewClient(t)
//	fake.On("POST", "/vector_stores").Operation(perduretest.Running(40), perduretest.Succeeded(VectorStore{ID: "vs_1"}))
//	client := openai.NewClient(fake.Starter())
//
// [Route.Operation] scripts an operation by the states that it goes through, [Route.Pages]
// a collection by its pages, [Route.Stream] a stream by its events. All of package starter
// runs, and all of the SDK's client below it; what is in memory is Temporal's frontend, so
// that errors, tokens, ids and contexts behave as they do with a server.
//
// What is scripted is how things go, and not why: intervals of polling, time-outs, retries
// and protocols are a worker's, and there is none. A test of those runs a worker against a
// [Service].
//
// # Without the service
//
// A [Service] is a scripted HTTP service: it answers request after request as the script
// says, and it fails the test on a request that the script does not know, on one too many
// and, when the test ends, on one too few.
//
//	svc := perduretest.NewService(t,
//		perduretest.POST("/jobs").WantJSON(`{"name":"nightly"}`).Reply(202).Header("Location", "/jobs/7"),
//		perduretest.GET("/jobs/7").Reply(202).Header("Retry-After", "5").Times(3),
//		perduretest.GET("/jobs/7").Drop(),
//		perduretest.GET("/jobs/7").JSON(200, `{"ok":true}`))
//
// The same script is played in one of two ways. [Service.URL] is the address of a real
// listener on the loopback interface. [Service.Client] and [Service.Transport] play it in
// memory, without a socket and without a goroutine, so that under testing/synctest an hour
// of Retry-After passes in no time.
//
// This package may import the root package, tokens, starter and the SDK's client; never
// workflows, activities or the SDK's worker.
package perduretest
