package perduretest_test

import (
	"fmt"
	"sync"
	"testing"
)

// fakeTB stands for a test that is expected to fail.
type fakeTB struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (f *fakeTB) Helper() {}

func (f *fakeTB) Cleanup(cleanup func()) { f.cleanups = append(f.cleanups, cleanup) }

func (f *fakeTB) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

// end ends the test and gives its failures.
func (f *fakeTB) end() []string {
	for _, cleanup := range f.cleanups {
		cleanup()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failures
}
