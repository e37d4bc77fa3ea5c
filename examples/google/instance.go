package google

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"net/url"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Instance is a Redis server.
type Instance struct {
	Name         string `json:"name,omitempty"`
	Tier         string `json:"tier,omitempty"`
	MemorySizeGB int    `json:"memorySizeGb,omitempty"`
	Host         string `json:"host,omitempty"`
	Port         int    `json:"port,omitempty"`
	// State is the API's word, and not sent.
	State string `json:"state,omitempty"`
}

// ClientOptions of InstanceClient.
type ClientOptions struct {
	// Service is what the workers' configuration calls the API. Default "redis".
	Service string
}

// InstanceClient makes, deletes and lists instances. It is safe for concurrent use.
type InstanceClient struct {
	create  starter.OperationMethod[Instance]
	remove  starter.OperationMethod[struct{}]
	list    starter.CollectionMethod[Instance]
	rawList starter.CollectionMethod[json.RawMessage]
}

// NewInstanceClient gives a client; nil options are the defaults.
func NewInstanceClient(c *starter.Client, o *ClientOptions) *InstanceClient {
	if o == nil {
		o = &ClientOptions{}
	}
	s := &starter.Service{
		Client: c, Name: cmp.Or(o.Service, "redis"),
		Protocol: &perdure.ProtocolChoice{Name: "google"}, DecodeError: decodeError,
	}
	const instances = "/v1/{parent...}/instances"
	pages := &perdure.ProtocolChoice{Name: "google", Options: json.RawMessage(`{"items":"instances"}`)}
	return &InstanceClient{
		create:  starter.OperationMethod[Instance]{Service: s, Type: "CreateInstance", Path: instances},
		remove:  starter.OperationMethod[struct{}]{Service: s, Type: "DeleteInstance", Verb: "DELETE", Path: "/v1/{name...}"},
		list:    starter.CollectionMethod[Instance]{Service: s, Type: "ListInstances", Path: instances, Protocol: pages},
		rawList: starter.CollectionMethod[json.RawMessage]{Service: s, Type: "ListInstances", Path: instances, Protocol: pages},
	}
}

// CreateInstance makes an instance in parent, "projects/p/locations/l", and returns when
// the API has answered.
func (c *InstanceClient) CreateInstance(ctx context.Context, parent, instanceID string, instance Instance, o *starter.CallOptions) (*Operation[Instance], error) {
	return operation(c.create.Start(ctx, creation(parent, instanceID, instance), o))
}

// CreateInstanceRaw is CreateInstance with a body of one's own. The operation's Result
// has the response as the API wrote it.
func (c *InstanceClient) CreateInstanceRaw(ctx context.Context, parent, instanceID string, body json.RawMessage, o *starter.CallOptions) (*Operation[Instance], error) {
	return operation(c.create.Start(ctx, creation(parent, instanceID, body), o))
}

func creation(parent, instanceID string, body any) starter.Call {
	return starter.Call{PathArgs: []string{parent}, Query: url.Values{"instanceId": {instanceID}}, Body: body}
}

// RehydrateCreateInstance takes up a CreateInstance from its token, in any process.
func (c *InstanceClient) RehydrateCreateInstance(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*Operation[Instance], error) {
	return operation(c.create.Rehydrate(ctx, token, o))
}

// DeleteInstance deletes an instance by its name, "projects/p/locations/l/instances/i",
// and returns when the API has answered. There is no response.
func (c *InstanceClient) DeleteInstance(ctx context.Context, name string, o *starter.CallOptions) (*Operation[struct{}], error) {
	return operation(c.remove.Start(ctx, starter.Call{PathArgs: []string{name}}, o))
}

// RehydrateDeleteInstance takes up a DeleteInstance from its token, in any process.
func (c *InstanceClient) RehydrateDeleteInstance(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*Operation[struct{}], error) {
	return operation(c.remove.Rehydrate(ctx, token, o))
}

// ListInstances goes through the instances in parent, whatever page they are on. An error
// comes once, last.
func (c *InstanceClient) ListInstances(ctx context.Context, parent string, o *starter.ReadOptions) iter.Seq2[Instance, error] {
	return c.list.All(ctx, starter.Call{PathArgs: []string{parent}}, o)
}

// ListInstancePages goes through the pages. Each has the token that goes on after it.
func (c *InstanceClient) ListInstancePages(ctx context.Context, parent string, o *starter.ReadOptions) iter.Seq2[*starter.Page[Instance], error] {
	return c.list.Pages(ctx, starter.Call{PathArgs: []string{parent}}, o)
}

// ListInstancePagesRaw is ListInstancePages with a query of one's own, and with the
// instances as the API wrote them.
func (c *InstanceClient) ListInstancePagesRaw(ctx context.Context, parent string, query url.Values, o *starter.ReadOptions) iter.Seq2[*starter.Page[json.RawMessage], error] {
	return c.rawList.Pages(ctx, starter.Call{PathArgs: []string{parent}, Query: query}, o)
}

// RehydrateInstancePages goes through the pages from the one that a token names, in any
// process.
func (c *InstanceClient) RehydrateInstancePages(ctx context.Context, token tokens.Token, o *starter.TokenOptions) iter.Seq2[*starter.Page[Instance], error] {
	return c.list.RehydratePages(ctx, token, o)
}
