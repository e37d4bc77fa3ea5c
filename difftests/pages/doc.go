// Package pages plays the same lists to other clients and to Perdure's pagers: to the
// pager of Azure's SDK for Go, to an iterator of Google's and to the auto-pager of
// OpenAI's.
package pages
