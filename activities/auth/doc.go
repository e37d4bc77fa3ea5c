// Package auth is what a worker authenticates with: a [Credential] puts it on each
// request, and is asked for another when a service refuses one. Secrets come from the
// environment, or from a file that is read again when it changes; tokens from an
// issuer, which is asked before they expire. No error holds a secret: it names the
// source.
//
// The kinds whose libraries are heavy have packages of their own, azure, google and
// aws, so that only a worker that wants one links it.
//
// May import: the root package, golang.org/x/oauth2 and its clientcredentials,
// golang.org/x/sync, golang.org/x/time and the standard library.
package auth
