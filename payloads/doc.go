// Package payloads says how Temporal is given what workflows work on: encrypted, so that
// histories and memos hold nothing in clear, and kept outside, so that a value may be of
// any size. Worker, starter and command line have to be made with the same:
//
//	keyset, err := tokens.LoadKeyset("payload-keyset.json") // made with: perdure keys new
//	p := payloads.New(payloads.Options{Keyset: keyset})
//	temporal, err := client.Dial(p.ClientOptions(client.Options{HostPort: "..."}))
//	c, err := starter.New(temporal, starter.Options{Payloads: p})
//
// A payload is encrypted first and stored then, so that the store sees no clear text
// either. What is encrypted and what is not is in docs/encryption.md, the store's care in
// docs/storage.md.
//
// May import: tokens, and the SDK's client, converter, temporal and workflow packages. A
// store comes from outside, so that nobody links one that they do not use.
package payloads
