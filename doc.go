// Package perdure is the vocabulary of Perdure: long-running operations of
// cloud services, run durably as Temporal workflows.
//
// It holds what outlives a process or crosses a language: the names under which
// workflows, activities, queries, signals and updates are registered, the JSON
// shapes they exchange, the states of an operation and the types of its errors.
// Whoever starts operations uses package starter; whoever runs them, package
// worker.
//
// # Operations, collections, streams
//
// Each has an input, a status and a result: [OperationInput], [Status],
// [OperationResult]; [CollectionInput], [CollectionStatus], [CollectionResult];
// [StreamInput], [StreamStatus], [StreamResult]. A [Page] is what a collection is
// read by, an [Event] a stream.
//
// # Errors
//
// How one of them ended badly is an [*OperationError], a [*CollectionError] or a
// [*StreamError], of a Type that is one of the Error constants; [ErrCanceled] and
// [ErrAmbiguous] are found in all three. An [*InputError] names the field of an
// input that is wrong. [*ResponseError], [*ProtocolError], [*EgressError],
// [*CredentialError] and [*SizeError] are of one exchange with a service: protocols
// and credentials return them, and whoever starts operations sees their types and
// messages in the three errors above.
//
// # Between workflows and activities
//
// What else is here is exchanged by Perdure's own workflows and activities, and is
// exported because it is in histories: the tasks and their answers ([StartTask],
// [PollTask], [CancelTask], [PageTask], [Answer], [CancelAnswer], [PageAnswer]),
// heartbeats, and the batches of a stream's log. It only grows, and is not for users.
//
// # JSON
//
// JSON is camelCase with the unit in the key, timestamps are RFC 3339 in UTC, an
// absent field is the default, and JSON values of callers and services pass
// through with every digit.
//
// May import: the standard library only.
package perdure
