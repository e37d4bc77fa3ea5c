// Package azure plays the same services to the pollers of Azure's SDK for Go
// (azcore v1.24.0, runtime.Poller) and to Perdure's protocol azure.
package azure
