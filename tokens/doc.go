// Package tokens seals continuation tokens: opaque texts from which an
// operation, a page or a stream can be taken up again, in any process that has
// the keyset.
//
// A token has a header, which anybody can read and nobody can change, and a
// state, which only the keyset opens. [Keyset.Seal] makes one, [Parse] checks
// the spelling of one that comes from outside, [Keyset.Open] verifies it against
// what the caller expects. Nothing here does I/O but the functions that take a
// path, and a keyset that follows its file. No error quotes a token, a state or a
// key, and [Token], [Opened] and [Keyset] redact themselves in fmt and slog.
//
// The layout, and the promise that a token of today opens for ever, are in
// docs/tokens.md; testdata/vectors.json holds texts that must open and texts
// that must not.
//
// The package may import the standard library, tink-go and the root package
// perdure, and nothing else of this module.
package tokens
