// Package devservertest runs a devserver for the length of a test.
//
// May import: devserver, the Temporal SDK's client, the standard library.
package devservertest
