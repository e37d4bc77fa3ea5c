package azure_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/azure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

const (
	machineURL    = "/subscriptions/sub/resourceGroups/web/providers/Microsoft.Compute/virtualMachines/vm"
	projectURL    = "/language/authoring/analyze-conversations/projects/support"
	deploymentURL = projectURL + "/deployments/production"
)

// started is what each of the operations has.
type started interface {
	ID() string
	Token(ctx context.Context) (tokens.Token, error)
}

// Each method sends its body, typed or as it is, and is taken up from its token.
func TestEachMethodInItsForms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, verb, url, body, options string
		start                          func(context.Context, *starter.Client) (started, error)
		raw                            func(context.Context, *starter.Client, json.RawMessage) (started, error) // nil: it has no body
		rehydrate                      func(context.Context, *starter.Client, tokens.Token) (started, error)
	}{
		{
			"CreateOrUpdateVirtualMachine", "PUT", machineURL, `{"location":"eu","properties":{}}`, `{"apiVersion":"2024-07-01"}`,
			func(ctx context.Context, c *starter.Client) (started, error) {
				return virtualMachines(c).CreateOrUpdate(ctx, "web", "vm", azure.VirtualMachine{Location: "eu"}, nil)
			},
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (started, error) {
				return virtualMachines(c).CreateOrUpdateRaw(ctx, "web", "vm", body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (started, error) {
				return virtualMachines(c).RehydrateCreateOrUpdate(ctx, token, nil)
			},
		},
		{
			"DeleteVirtualMachine", "DELETE", machineURL, "", `{"apiVersion":"2024-07-01"}`,
			func(ctx context.Context, c *starter.Client) (started, error) {
				return virtualMachines(c).Delete(ctx, "web", "vm", nil)
			},
			nil,
			func(ctx context.Context, c *starter.Client, token tokens.Token) (started, error) {
				return virtualMachines(c).RehydrateDelete(ctx, token, nil)
			},
		},
		{
			"RunCommandOnVirtualMachine", "POST", machineURL + "/runCommand", `{"commandId":"x","script":["y"]}`, `{"apiVersion":"2024-07-01","finalStateVia":"location"}`,
			func(ctx context.Context, c *starter.Client) (started, error) {
				return virtualMachines(c).RunCommand(ctx, "web", "vm", azure.RunCommandInput{CommandID: "x", Script: []string{"y"}}, nil)
			},
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (started, error) {
				return virtualMachines(c).RunCommandRaw(ctx, "web", "vm", body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (started, error) {
				return virtualMachines(c).RehydrateRunCommand(ctx, token, nil)
			},
		},
		{
			"DeployModel", "PUT", deploymentURL, `{"trainedModelLabel":"v7"}`, `{"apiVersion":"2023-04-01"}`,
			func(ctx context.Context, c *starter.Client) (started, error) {
				return support(c).Deploy(ctx, "production", azure.Deployment{TrainedModel: "v7"}, nil)
			},
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (started, error) {
				return support(c).DeployRaw(ctx, "production", body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (started, error) {
				return support(c).RehydrateDeploy(ctx, token, nil)
			},
		},
		{
			"DeleteDeployment", "DELETE", deploymentURL, "", `{"apiVersion":"2023-04-01"}`,
			func(ctx context.Context, c *starter.Client) (started, error) {
				return support(c).DeleteDeployment(ctx, "production", nil)
			},
			nil,
			func(ctx context.Context, c *starter.Client, token tokens.Token) (started, error) {
				return support(c).RehydrateDeleteDeployment(ctx, token, nil)
			},
		},
		{
			"TrainModel", "POST", projectURL + "/:train", `{"modelLabel":"v7","trainingMode":"standard"}`, `{"apiVersion":"2023-04-01","resultPath":"result"}`,
			func(ctx context.Context, c *starter.Client) (started, error) {
				return support(c).Train(ctx, azure.TrainingInput{ModelLabel: "v7", TrainingMode: "standard"}, nil)
			},
			func(ctx context.Context, c *starter.Client, body json.RawMessage) (started, error) {
				return support(c).TrainRaw(ctx, body, nil)
			},
			func(ctx context.Context, c *starter.Client, token tokens.Token) (started, error) {
				return support(c).RehydrateTrain(ctx, token, nil)
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			fake := perduretest.NewClient(t)
			for range 2 {
				fake.On(tc.verb, tc.url).Operation(perduretest.Pending("InProgress"))
			}
			op, err := tc.start(t.Context(), fake.Starter())
			require.NoError(t, err)
			if tc.raw != nil {
				_, err := tc.raw(t.Context(), fake.Starter(), json.RawMessage(tc.body))
				require.NoError(t, err)
			}
			for _, in := range fake.Operations() {
				require.Equal(t, tc.name, in.Type)
				require.Equal(t, "azure", in.Protocol.Name)
				require.JSONEq(t, tc.options, string(in.Protocol.Options))
				if tc.body == "" {
					require.Nil(t, in.Request.Body)
				} else {
					require.JSONEq(t, tc.body, string(in.Request.Body.JSON))
				}
			}
			token, err := op.Token(t.Context())
			require.NoError(t, err)
			same, err := tc.rehydrate(t.Context(), fake.Starter(), token)
			require.NoError(t, err)
			require.Equal(t, op.ID(), same.ID())
		})
	}
}

func virtualMachines(c *starter.Client) *azure.VirtualMachineClient {
	return azure.NewVirtualMachineClient(c, "sub", nil)
}

func support(c *starter.Client) *azure.ProjectClient {
	return azure.NewProjectClient(c, "support", nil)
}
