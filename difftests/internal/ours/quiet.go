package ours

// quiet drops the test environment's log.
type quiet struct{}

// Debug drops it.
func (quiet) Debug(string, ...any) {}

// Info drops it.
func (quiet) Info(string, ...any) {}

// Warn drops it.
func (quiet) Warn(string, ...any) {}

// Error drops it.
func (quiet) Error(string, ...any) {}
