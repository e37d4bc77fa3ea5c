// Package activities is the only code of Perdure that does I/O for an operation:
// it sends the start request, asks for the status, asks to cancel, and gives the
// workflow a verdict to act on. It fetches pages, and reads event streams into their
// logs. What a service's answers mean is package protocol's; how they travel, package
// transport's.
//
// What a service says never is an error of an activity: it comes back as a
// perdure.Answer. An error means that the activity could not do its work, and is
// retried by Temporal.
//
// May import: the root package, tokens, starter (to read streams for workflows),
// internal/rehydration, its own subpackages, and the SDK's activity, log and temporal
// packages, of its client what counts; never its workflow, nor package workflows.
package activities
