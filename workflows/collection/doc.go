// Package collection holds the workflows of paged collections: perdure.collection.v1,
// which fetches pages one ahead of its readers and keeps them, and perdure.page.v1,
// which fetches one.
//
// A page is fetched by an activity, which gives the workflow the values, and the sealed
// state from which the next page is fetched: that is the page's continuation token. A
// workflow looks into neither.
//
// May import: the root package, workflows/internal and Temporal's SDK.
package collection
