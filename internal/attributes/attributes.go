// Package attributes are the search attributes that operations, collections and streams set
// where the namespace has them.
//
// May import: the root package and Temporal's API.
package attributes

import (
	"go.temporal.io/api/enums/v1"

	"github.com/perdure-dev/perdure"
)

// Attribute is a search attribute, as a namespace has it.
type Attribute struct {
	Name string
	Type enums.IndexedValueType
}

// All are the ones that perdure setup registers.
var All = []Attribute{
	{perdure.SearchAttributeState, enums.INDEXED_VALUE_TYPE_KEYWORD},
	{perdure.SearchAttributeService, enums.INDEXED_VALUE_TYPE_KEYWORD},
	{perdure.SearchAttributeServiceStatus, enums.INDEXED_VALUE_TYPE_KEYWORD},
	{perdure.SearchAttributeRemoteID, enums.INDEXED_VALUE_TYPE_KEYWORD},
	{perdure.SearchAttributePercent, enums.INDEXED_VALUE_TYPE_INT},
}
