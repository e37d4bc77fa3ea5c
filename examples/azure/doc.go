// Package azure is an example of typed clients for Azure: for a resource of Azure
// Resource Manager ([VirtualMachineClient]), and for a service after the data-plane
// guidelines ([ProjectClient]). Each has a PUT, a DELETE and an action that has a result.
//
// Their operations need no words of their own, and are package starter's. What Azure
// refuses is an [Error]. The workers hold the credentials and know the services as "arm"
// and "language":
//
//	services:
//	  arm:
//	    baseURL: https://management.azure.com
//	    auth: {type: bearer, env: ARM_TOKEN}
//
// This package may import the root package, tokens and starter.
package azure
