// Package difftests plays the same services to other clients and to Perdure, and
// wants every difference explained: a folder for each client. It is a module of its
// own, so that those clients are no requirements of the product.
package difftests
