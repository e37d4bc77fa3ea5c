package transport

import "time"

// Observer is told what becomes of a service's requests. Its methods are called from many
// goroutines, and must return at once.
type Observer interface {
	// Waited is how long a request waited before it left, and for what.
	Waited(reason WaitReason, d time.Duration)
	// Answered is the status of an answer, each redirect's included; 0 where there was none.
	Answered(status int)
	// CredentialFailed: a request was not sent for want of a credential.
	CredentialFailed()
}

// WaitReason is what a request waits for before it leaves.
type WaitReason string

// The reasons to wait.
const (
	WaitConcurrency WaitReason = "concurrency" // a place among the requests at once
	WaitPause       WaitReason = "pause"       // the service asked to be left alone
	WaitRate        WaitReason = "rate"        // the requests per second
)

// unobserved is the observer of a service that has none.
type unobserved struct{}

// Waited does nothing.
func (unobserved) Waited(WaitReason, time.Duration) {}

// Answered does nothing.
func (unobserved) Answered(int) {}

// CredentialFailed does nothing.
func (unobserved) CredentialFailed() {}

// timed waits, and says for how long.
func (s *Service) timed(reason WaitReason, wait func() error) error {
	begin := time.Now()
	err := wait()
	s.observer.Waited(reason, time.Since(begin))
	return err
}
