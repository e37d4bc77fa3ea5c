// Package stream holds the workflows of event streams: perdure.stream.v1, the log, which
// keeps the events and answers its readers, and perdure.streamReader.v1, its child, which
// keeps an activity reading the service's stream.
//
// They are two because the log's history grows with the events, so that it continues as
// new, and an activity ends with the run that it belongs to: the connection would be
// broken each time, and most services cannot take one up again. The reader's history
// stays a few events long. The activity sends the log its batches by signal.
//
// May import: the root package, workflows/internal and Temporal's SDK.
package stream
