// Package azure speaks of operations as Azure's services do: the start's answer
// names a status monitor in Azure-AsyncOperation, Operation-Location or Location, or
// the resource itself tells by its properties.provisioningState how it goes. Once
// the operation has succeeded its value may have to be asked for elsewhere.
//
// Sources, cited beside the branches: "AG", the Azure REST API guidelines,
// Long-Running Operations (github.com/microsoft/api-guidelines, azure); "ARM RPC",
// the Azure Resource Manager resource provider contract, asynchronous operations
// (github.com/cloud-and-ai-microsoft/resource-provider-contract,
// async-api-reference.md); and "azcore", the pollers of Azure's SDK for Go, v1.24.0
// (internal/pollers/{async,op,loc,body}, runtime/poller.go). Where azcore does
// otherwise, the comment says so.
//
// May import: the root package, package protocol, jmespath/go-jmespath and the
// standard library.
package azure
