package azure

import (
	"context"
	"encoding/json"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Deployment is a trained model that answers under a name.
type Deployment struct {
	Name         string `json:"deploymentName,omitempty"`
	TrainedModel string `json:"trainedModelLabel"`
}

// TrainingInput says which model is trained.
type TrainingInput struct {
	ModelLabel   string `json:"modelLabel"`
	TrainingMode string `json:"trainingMode"`
}

// TrainingResult is the model that came of it.
type TrainingResult struct {
	ModelLabel            string `json:"modelLabel"`
	TrainingConfigVersion string `json:"trainingConfigVersion"`
}

// ProjectClient trains and deploys the models of one project of conversational language
// understanding. It is safe for concurrent use.
type ProjectClient struct {
	project string

	deploy   starter.OperationMethod[Deployment]
	undeploy starter.OperationMethod[struct{}]
	train    starter.OperationMethod[TrainingResult]
}

const (
	project    = "/language/authoring/analyze-conversations/projects/{project}"
	deployment = project + "/deployments/{deployment}"
)

// NewProjectClient gives a client; nil options are the defaults, with the service
// "language".
func NewProjectClient(c *starter.Client, projectName string, o *ClientOptions) *ProjectClient {
	s, options := newService(c, o, ClientOptions{Service: "language", APIVersion: "2023-04-01"})
	// The result of an action is in its status monitor, as the guidelines have it.
	options.ResultPath = "result"
	return &ProjectClient{
		project:  projectName,
		deploy:   starter.OperationMethod[Deployment]{Service: s, Type: "DeployModel", Verb: "PUT", Path: deployment},
		undeploy: starter.OperationMethod[struct{}]{Service: s, Type: "DeleteDeployment", Verb: "DELETE", Path: deployment},
		train:    starter.OperationMethod[TrainingResult]{Service: s, Type: "TrainModel", Path: project + "/:train", Protocol: options.choice()},
	}
}

// Deploy puts a deployment, and returns when the service has answered. The value is the
// deployment as it is then.
func (c *ProjectClient) Deploy(ctx context.Context, name string, d Deployment, o *starter.CallOptions) (*starter.Operation[Deployment], error) {
	return c.deploy.Start(ctx, starter.Call{PathArgs: []string{c.project, name}, Body: d}, o)
}

// DeployRaw is Deploy with a body of one's own.
func (c *ProjectClient) DeployRaw(ctx context.Context, name string, body json.RawMessage, o *starter.CallOptions) (*starter.Operation[Deployment], error) {
	return c.deploy.Start(ctx, starter.Call{PathArgs: []string{c.project, name}, Body: body}, o)
}

// RehydrateDeploy takes up a Deploy from its token, in any process.
func (c *ProjectClient) RehydrateDeploy(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*starter.Operation[Deployment], error) {
	return c.deploy.Rehydrate(ctx, token, o)
}

// DeleteDeployment deletes a deployment, and returns when the service has answered.
// There is no value.
func (c *ProjectClient) DeleteDeployment(ctx context.Context, name string, o *starter.CallOptions) (*starter.Operation[struct{}], error) {
	return c.undeploy.Start(ctx, starter.Call{PathArgs: []string{c.project, name}}, o)
}

// RehydrateDeleteDeployment takes up a DeleteDeployment from its token, in any process.
func (c *ProjectClient) RehydrateDeleteDeployment(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*starter.Operation[struct{}], error) {
	return c.undeploy.Rehydrate(ctx, token, o)
}

// Train trains a model, and returns when the service has answered. The value is the model
// that came of it.
func (c *ProjectClient) Train(ctx context.Context, in TrainingInput, o *starter.CallOptions) (*starter.Operation[TrainingResult], error) {
	return c.train.Start(ctx, starter.Call{PathArgs: []string{c.project}, Body: in}, o)
}

// TrainRaw is Train with a body of one's own.
func (c *ProjectClient) TrainRaw(ctx context.Context, body json.RawMessage, o *starter.CallOptions) (*starter.Operation[TrainingResult], error) {
	return c.train.Start(ctx, starter.Call{PathArgs: []string{c.project}, Body: body}, o)
}

// RehydrateTrain takes up a Train from its token, in any process.
func (c *ProjectClient) RehydrateTrain(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*starter.Operation[TrainingResult], error) {
	return c.train.Rehydrate(ctx, token, o)
}
