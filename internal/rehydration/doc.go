// Package rehydration takes up what a verified token names: it attaches to the workflow
// that is there, or starts one with the same id that goes on from the token's state. The
// starter uses it where it has the keyset, and the activity perdure.rehydrate.v1 for those
// who have none.
//
// May import: the root package, tokens, and the SDK's client, converter and temporal
// packages.
package rehydration
