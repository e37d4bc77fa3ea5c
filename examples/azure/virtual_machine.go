package azure

import (
	"context"
	"encoding/json"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// VirtualMachine is a resource of Microsoft.Compute.
type VirtualMachine struct {
	ID         string                   `json:"id,omitempty"`
	Name       string                   `json:"name,omitempty"`
	Location   string                   `json:"location"`
	Tags       map[string]string        `json:"tags,omitempty"`
	Properties VirtualMachineProperties `json:"properties"`
}

// VirtualMachineProperties are the service's own.
type VirtualMachineProperties struct {
	HardwareProfile *HardwareProfile `json:"hardwareProfile,omitempty"`
	// ProvisioningState is the service's word, and not sent.
	ProvisioningState string `json:"provisioningState,omitempty"`
}

// HardwareProfile is the size of a machine.
type HardwareProfile struct {
	VMSize string `json:"vmSize"`
}

// RunCommandInput is a script that a machine runs.
type RunCommandInput struct {
	CommandID string   `json:"commandId"`
	Script    []string `json:"script"`
}

// RunCommandResult is what the script said.
type RunCommandResult struct {
	Value []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"value"`
}

// VirtualMachineClient makes, deletes and uses virtual machines of one subscription. It
// is safe for concurrent use.
type VirtualMachineClient struct {
	subscriptionID string

	createOrUpdate starter.OperationMethod[VirtualMachine]
	remove         starter.OperationMethod[struct{}]
	runCommand     starter.OperationMethod[RunCommandResult]
}

const virtualMachine = "/subscriptions/{subscriptionID}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/virtualMachines/{name}"

// NewVirtualMachineClient gives a client; nil options are the defaults, with the service
// "arm".
func NewVirtualMachineClient(c *starter.Client, subscriptionID string, o *ClientOptions) *VirtualMachineClient {
	s, options := newService(c, o, ClientOptions{Service: "arm", APIVersion: "2024-07-01"})
	// The result of an action is at its Location, as ARM has it.
	options.FinalStateVia = "location"
	return &VirtualMachineClient{
		subscriptionID: subscriptionID,
		createOrUpdate: starter.OperationMethod[VirtualMachine]{Service: s, Type: "CreateOrUpdateVirtualMachine", Verb: "PUT", Path: virtualMachine},
		remove:         starter.OperationMethod[struct{}]{Service: s, Type: "DeleteVirtualMachine", Verb: "DELETE", Path: virtualMachine},
		runCommand: starter.OperationMethod[RunCommandResult]{
			Service: s, Type: "RunCommandOnVirtualMachine", Path: virtualMachine + "/runCommand", Protocol: options.choice(),
		},
	}
}

func (c *VirtualMachineClient) call(resourceGroup, name string, body any) starter.Call {
	return starter.Call{PathArgs: []string{c.subscriptionID, resourceGroup, name}, Body: body}
}

// CreateOrUpdate puts a machine, and returns when ARM has answered. The value is the
// machine as it is then.
func (c *VirtualMachineClient) CreateOrUpdate(ctx context.Context, resourceGroup, name string, machine VirtualMachine, o *starter.CallOptions) (*starter.Operation[VirtualMachine], error) {
	return c.createOrUpdate.Start(ctx, c.call(resourceGroup, name, machine), o)
}

// CreateOrUpdateRaw is CreateOrUpdate with a body of one's own. The operation's Result
// has the value as ARM wrote it.
func (c *VirtualMachineClient) CreateOrUpdateRaw(ctx context.Context, resourceGroup, name string, body json.RawMessage, o *starter.CallOptions) (*starter.Operation[VirtualMachine], error) {
	return c.createOrUpdate.Start(ctx, c.call(resourceGroup, name, body), o)
}

// RehydrateCreateOrUpdate takes up a CreateOrUpdate from its token, in any process.
func (c *VirtualMachineClient) RehydrateCreateOrUpdate(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*starter.Operation[VirtualMachine], error) {
	return c.createOrUpdate.Rehydrate(ctx, token, o)
}

// Delete deletes a machine, and returns when ARM has answered. There is no value.
func (c *VirtualMachineClient) Delete(ctx context.Context, resourceGroup, name string, o *starter.CallOptions) (*starter.Operation[struct{}], error) {
	return c.remove.Start(ctx, c.call(resourceGroup, name, nil), o)
}

// RehydrateDelete takes up a Delete from its token, in any process.
func (c *VirtualMachineClient) RehydrateDelete(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*starter.Operation[struct{}], error) {
	return c.remove.Rehydrate(ctx, token, o)
}

// RunCommand has a machine run a script, and returns when ARM has answered. The value is
// what the script said.
func (c *VirtualMachineClient) RunCommand(ctx context.Context, resourceGroup, name string, in RunCommandInput, o *starter.CallOptions) (*starter.Operation[RunCommandResult], error) {
	return c.runCommand.Start(ctx, c.call(resourceGroup, name, in), o)
}

// RunCommandRaw is RunCommand with a body of one's own.
func (c *VirtualMachineClient) RunCommandRaw(ctx context.Context, resourceGroup, name string, body json.RawMessage, o *starter.CallOptions) (*starter.Operation[RunCommandResult], error) {
	return c.runCommand.Start(ctx, c.call(resourceGroup, name, body), o)
}

// RehydrateRunCommand takes up a RunCommand from its token, in any process.
func (c *VirtualMachineClient) RehydrateRunCommand(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*starter.Operation[RunCommandResult], error) {
	return c.runCommand.Rehydrate(ctx, token, o)
}
