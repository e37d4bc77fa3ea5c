package collection

// Seen is what the tests look at from outside.
type Seen = seen

// MaxSeen is how many prints are known exactly.
const MaxSeen = maxSeen

// Add notes a request.
func (s *seen) Add(mark string) { s.add(mark) }

// Has reports whether a request is known.
func (s *seen) Has(mark string) bool { return s.has(mark) }
