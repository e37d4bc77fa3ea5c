// Package codecserver lets Temporal's web UI and command line show payloads that are
// encrypted or stored outside: the SDK's codec server, for those who have the bearer
// token or log in at an OpenID Connect issuer, and for pages of the origins that are named.
//
// May import: nothing of this module.
package codecserver
