package azure_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/examples/azure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// connect reaches the Temporal server on this machine. A program does so once.
func connect() *starter.Client {
	temporal, err := client.Dial(client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	keyset, err := tokens.LoadKeyset("keyset.json")
	if err != nil {
		log.Fatal(err)
	}
	c, err := starter.New(temporal, starter.Options{Keyset: keyset})
	if err != nil {
		log.Fatal(err)
	}
	return c
}

func machines() *azure.VirtualMachineClient {
	return azure.NewVirtualMachineClient(connect(), "11111111-2222-3333-4444-555555555555", nil)
}

func machine() azure.VirtualMachine {
	return azure.VirtualMachine{
		Location:   "westeurope",
		Properties: azure.VirtualMachineProperties{HardwareProfile: &azure.HardwareProfile{VMSize: "Standard_D2s_v5"}},
	}
}

// Start and wait.
func ExampleVirtualMachineClient_CreateOrUpdate() {
	ctx := context.Background()
	op, err := machines().CreateOrUpdate(ctx, "web", "vm-1", machine(), nil)
	if err != nil {
		log.Fatal(err)
	}
	vm, err := op.Wait(ctx, nil)
	var refused *azure.Error
	switch {
	case errors.As(err, &refused):
		log.Fatalf("Azure said %s: %s", refused.ErrorCode, refused.Message)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(vm.ID, vm.Properties.ProvisioningState)
}

// Start, do something else, and wait on the handle later.
func ExampleVirtualMachineClient_Delete() {
	ctx := context.Background()
	op, err := machines().Delete(ctx, "web", "vm-1", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("on its way:", op.LastStatus().ServiceStatus)

	if _, err := op.Wait(ctx, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println("gone")
}

// Wait with an interval of one's own.
func ExampleVirtualMachineClient_RunCommand() {
	ctx := context.Background()
	op, err := machines().RunCommand(ctx, "web", "vm-1", azure.RunCommandInput{CommandID: "RunShellScript", Script: []string{"uptime"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	result, err := op.Wait(ctx, &starter.WaitOptions{Interval: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range result.Value {
		fmt.Println(line.Message)
	}
}

// Poll by hand.
func ExampleProjectClient_Train() {
	ctx := context.Background()
	project := azure.NewProjectClient(connect(), "support", nil)
	op, err := project.Train(ctx, azure.TrainingInput{ModelLabel: "v7", TrainingMode: "standard"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for !op.HasCompleted() {
		time.Sleep(10 * time.Second)
		status, err := op.UpdateStatus(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(status.ServiceStatus)
	}
	model, err := op.Value(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.ModelLabel)
}

// Send a body and headers of one's own, and look at the raw responses.
func ExampleVirtualMachineClient_CreateOrUpdateRaw() {
	ctx := context.Background()
	body := json.RawMessage(`{"location": "westeurope", "properties": {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}}}`)
	op, err := machines().CreateOrUpdateRaw(ctx, "web", "vm-1", body, &starter.CallOptions{Headers: http.Header{"If-None-Match": {"*"}}})
	if err != nil {
		log.Fatal(err)
	}
	raw, err := op.RawResponse(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(raw.Status, raw.Headers["X-Ms-Correlation-Request-Id"])

	result, err := op.Result(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(result.Value))
}

// Store the token, and go on in another process.
func ExampleProjectClient_RehydrateDeploy() {
	ctx := context.Background()
	project := azure.NewProjectClient(connect(), "support", nil)
	op, err := project.Deploy(ctx, "production", azure.Deployment{TrainedModel: "v7"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := op.Token(ctx)
	if err != nil {
		log.Fatal(err)
	}
	stored := token.Text()

	// Elsewhere, with nothing but the text and the keyset:
	token, err = tokens.Parse(stored)
	if err != nil {
		log.Fatal(err)
	}
	op, err = project.RehydrateDeploy(ctx, token, nil)
	if err != nil {
		log.Fatal(err)
	}
	deployment, err := op.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(deployment.TrainedModel)
}

func ExampleProjectClient_DeleteDeployment() {
	ctx := context.Background()
	project := azure.NewProjectClient(connect(), "support", nil)
	op, err := project.DeleteDeployment(ctx, "production", nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := op.Wait(ctx, nil); err != nil {
		log.Fatal(err)
	}
}
