package compare

import "math/rand/v2"

// Pick is one of several.
func Pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }
