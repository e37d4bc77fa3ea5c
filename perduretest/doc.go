// Package perduretest helps to test what speaks to services that run
// long-running operations.
//
// A [Service] is a scripted HTTP service: it answers request after request as
// the script says, and it fails the test on a request that the script does not
// know, on one too many and, when the test ends, on one too few.
//
//	svc := perduretest.NewService(t,
//		perduretest.POST("/jobs").WantJSON(`{"name":"nightly"}`).Reply(202).Header("Location", "/jobs/7"),
//		perduretest.GET("/jobs/7").Reply(202).Header("Retry-After", "5").Times(3),
//		perduretest.GET("/jobs/7").Drop(),
//		perduretest.GET("/jobs/7").JSON(200, `{"ok":true}`))
//
// The same script is played in one of two ways. [Service.URL] is the address
// of a real listener on the loopback interface. [Service.Client] and
// [Service.Transport] play it in memory, without a socket and without a
// goroutine, so that under testing/synctest an hour of Retry-After passes in no
// time.
//
// This package may import the standard library only.
package perduretest
