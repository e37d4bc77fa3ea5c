// Package rehydrate is the workflow perdure.rehydrate.v1, by which those who hold no keyset
// have a worker take up a token.
//
// May import: the root package, package failure and the SDK's workflow and temporal
// packages.
package rehydrate
