// Package script is the service that is polled: its operations go by a script, and it
// counts who asks when. It speaks as Azure's services do, with Operation-Location, which
// everybody who is measured understands.
//
//	POST /operations                 starts an [Operation]: 202, or 200 with the value where it is done at once
//	GET  /operations/{batch}/{name}  its status
//	POST /batches/{batch}/finish     ends all that go on until then
//	POST /batches/{batch}/pace       asks the clients to wait, by Retry-After, so many ?seconds
//	POST /batches/{batch}/count      a [Count], and begins another
//	GET  /batches/{batch}/done       when operations were first said to be done, by name
//
// May import: the standard library.
package script
