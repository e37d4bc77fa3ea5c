package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/azure"
	"github.com/perdure-dev/perdure/examples/google"
	"github.com/perdure-dev/perdure/examples/openai"
	"github.com/perdure-dev/perdure/examples/transcript"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// soon asks often enough for a test.
func soon() *starter.CallOptions {
	return &starter.CallOptions{Polling: &perdure.Polling{IntervalSeconds: 0.1}}
}

// scripted is a world whose service plays the steps.
func scripted(t *testing.T, steps ...perduretest.Step) (*world, *perduretest.Service) {
	t.Helper()
	service := perduretest.NewService(t, steps...)
	w := newWorld(t, settings{url: service.URL()})
	w.worker()
	return w, service
}

const (
	storeRunning = `{"object":"vector_store","id":"vs_1","name":"handbook","status":"in_progress","file_counts":{"in_progress":1,"completed":1,"total":2}}`
	storeDone    = `{"object":"vector_store","id":"vs_1","name":"handbook","status":"completed","usage_bytes":7,"file_counts":{"completed":2,"total":2}}`
)

func TestClientOpenAICreatesAVectorStore(t *testing.T) {
	t.Parallel()
	w, _ := scripted(t,
		perduretest.POST("/vector_stores").WantJSON(`{"name":"handbook","file_ids":["file-1","file-2"]}`).
			WantHeader("Openai-Beta", "assistants=v2").JSON(200, storeRunning),
		perduretest.GET("/vector_stores/vs_1").WantHeader("Openai-Beta", "assistants=v2").JSON(200, storeRunning),
		perduretest.GET("/vector_stores/vs_1").JSON(200, storeDone))
	ctx := patient(t)
	stores := openai.NewVectorStoreClient(w.client, &openai.ClientOptions{Service: "jobs"})

	op, err := stores.CreateVectorStore(ctx, openai.VectorStoreParams{Name: "handbook", FileIDs: []string{"file-1", "file-2"}}, &starter.CallOptions{
		ID: w.queue, Polling: &perdure.Polling{IntervalSeconds: 3600},
	})
	require.NoError(t, err)
	require.Equal(t, "vs_1", op.VectorStoreID(), "known before it is done")
	_, err = op.Value(ctx)
	require.ErrorIs(t, err, starter.ErrNotDone)

	status, err := op.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "in_progress", status.ServiceStatus)
	files, err := op.FileCounts(ctx)
	require.NoError(t, err)
	require.Equal(t, openai.FileCounts{InProgress: 1, Completed: 1, Total: 2}, files)
	raw, err := op.RawResponse(ctx)
	require.NoError(t, err)
	require.JSONEq(t, storeRunning, string(raw.Body.JSON))

	token, err := op.Token(ctx)
	require.NoError(t, err)
	same, err := openai.NewVectorStoreClient(w.client, &openai.ClientOptions{Service: "jobs"}).RehydrateCreateVectorStore(ctx, token, nil)
	require.NoError(t, err)
	require.Equal(t, op.ID(), same.ID())
	store, err := same.Wait(ctx, &starter.WaitOptions{Interval: 100 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, openai.VectorStore{ID: "vs_1", Name: "handbook", Status: "completed", UsageBytes: 7, FileCounts: openai.FileCounts{Completed: 2, Total: 2}}, store)
	attached, err := stores.AttachCreateVectorStore(ctx, w.queue)
	require.NoError(t, err)
	require.True(t, attached.HasCompleted())
}

func TestClientProtocolMethodSendsTheBodyAsItIs(t *testing.T) {
	t.Parallel()
	w, _ := scripted(t,
		perduretest.POST("/vector_stores").WantJSON(`{"name":"handbook","n":12345678901234567890}`).WantHeader("Openai-Project", "proj_1").
			JSON(200, `{"object":"vector_store","id":"vs_1","status":"completed","n":12345678901234567890}`))
	ctx := patient(t)
	stores := openai.NewVectorStoreClient(w.client, &openai.ClientOptions{Service: "jobs"})
	op, err := stores.CreateVectorStoreRaw(ctx, []byte(`{"name":"handbook","n":12345678901234567890}`), &starter.CallOptions{
		Headers: http.Header{"Openai-Project": {"proj_1"}},
	})
	require.NoError(t, err)
	result, err := op.Result(ctx)
	require.NoError(t, err)
	require.Contains(t, string(result.Value), "12345678901234567890")
	require.Equal(t, 200, result.Response.Status)
}

func TestClientTokenOfAnotherMethodIsRefused(t *testing.T) {
	t.Parallel()
	w, _ := scripted(t,
		perduretest.POST("/vector_stores").JSON(200, storeRunning),
		perduretest.GET("/assistants").JSON(200, `{"data":[{"id":"a1"}],"has_more":true}`),
		perduretest.GET("/assistants").AnyTimes().JSON(200, `{"data":[{"id":"a2"}],"has_more":false}`))
	ctx := patient(t)
	o := &openai.ClientOptions{Service: "jobs"}
	op, err := openai.NewVectorStoreClient(w.client, o).CreateVectorStore(ctx, openai.VectorStoreParams{Name: "handbook"}, &starter.CallOptions{
		ID: w.queue, Audience: "tenant-1", Polling: &perdure.Polling{IntervalSeconds: 3600},
	})
	require.NoError(t, err)
	token, err := op.Token(ctx)
	require.NoError(t, err)

	_, err = openai.NewBatchClient(w.client, o).RehydrateCreateBatch(ctx, token, &starter.TokenOptions{Audience: "tenant-1"})
	require.ErrorIs(t, err, tokens.ErrType)
	require.ErrorContains(t, err, `"CreateVectorStore"`)
	require.ErrorContains(t, err, `"CreateBatch"`)
	_, err = openai.NewVectorStoreClient(w.client, o).RehydrateCreateVectorStore(ctx, token, nil)
	require.ErrorIs(t, err, tokens.ErrAudience)
	_, err = openai.NewVectorStoreClient(w.client, nil).RehydrateCreateVectorStore(ctx, token, &starter.TokenOptions{Audience: "tenant-1"})
	require.ErrorIs(t, err, tokens.ErrService)
	_, err = openai.NewVectorStoreClient(w.client, o).RehydrateCreateVectorStore(ctx, token, &starter.TokenOptions{Audience: "tenant-1"})
	require.NoError(t, err)

	for page, err := range openai.NewAssistantClient(w.client, o).ListAssistantPages(ctx, openai.ListParams{}, nil) {
		require.NoError(t, err)
		for _, err := range openai.NewBatchClient(w.client, o).RehydrateBatchPages(ctx, page.NextPageToken, nil) {
			require.ErrorIs(t, err, tokens.ErrType)
			require.ErrorContains(t, err, `"ListAssistants"`)
			require.ErrorContains(t, err, `"ListBatches"`)
		}
		break
	}
}

func TestClientErrorsAreTheServicesOwn(t *testing.T) {
	t.Parallel()
	w, _ := scripted(t,
		perduretest.POST("/batches").JSON(400, `{"error":{"message":"no such file","type":"invalid_request_error","param":"input_file_id","code":"file_not_found"}}`),
		perduretest.POST("/fine_tuning/jobs").JSON(200, `{"object":"fine_tuning.job","id":"ft_1","status":"running"}`),
		perduretest.GET("/fine_tuning/jobs/ft_1").JSON(200, `{"object":"fine_tuning.job","id":"ft_1","status":"failed","error":{"code":"bad_file","message":"line 7","param":"training_file"}}`),
		perduretest.GET("/assistants").JSON(403, `{"error":{"message":"not yours","type":"permission_error","code":"forbidden"}}`),
		perduretest.POST("/chat/completions").JSON(401, `{"error":{"message":"who?","type":"invalid_request_error","code":"invalid_api_key"}}`))
	ctx := patient(t)
	o := &openai.ClientOptions{Service: "jobs"}

	_, err := openai.NewBatchClient(w.client, o).CreateBatch(ctx, openai.BatchParams{InputFileID: "file-1"}, soon())
	requireOpenAI(t, err, openai.Error{StatusCode: 400, Code: "file_not_found", Message: "no such file", Param: "input_file_id", Type: "invalid_request_error"})
	requireType(t, err, perdure.ErrorStartRejected)

	op, err := openai.NewFineTuningClient(w.client, o).FineTune(ctx, openai.FineTuningJobParams{Model: "gpt", TrainingFile: "file-1"}, soon())
	require.NoError(t, err)
	_, err = op.Wait(ctx, nil)
	requireOpenAI(t, err, openai.Error{Code: "bad_file", Message: "line 7", Param: "training_file"})
	requireType(t, err, perdure.ErrorOperationFailed)
	_, err = op.Value(ctx)
	requireOpenAI(t, err, openai.Error{Code: "bad_file", Message: "line 7", Param: "training_file"})

	for _, err := range openai.NewAssistantClient(w.client, o).ListAssistants(ctx, openai.ListParams{}, nil) {
		requireOpenAI(t, err, openai.Error{StatusCode: 403, Code: "forbidden", Message: "not yours", Type: "permission_error"})
		requireCollectionError(t, err, perdure.ErrorPageRejected)
	}

	answer, err := openai.NewChatClient(w.client, o).StreamChat(ctx, openai.ChatParams{Model: "gpt"}, nil)
	require.NoError(t, err, "it is told by the stream")
	for _, err := range answer.Text(ctx) {
		requireOpenAI(t, err, openai.Error{StatusCode: 401, Code: "invalid_api_key", Message: "who?", Type: "invalid_request_error"})
	}

	// What is no word of the service's is none of its errors.
	_, err = openai.NewVectorStoreClient(w.client, &openai.ClientOptions{Service: "nobody"}).CreateVectorStore(ctx, openai.VectorStoreParams{}, nil)
	requireType(t, err, perdure.ErrorInvalidInput)
	var refused *openai.Error
	require.NotErrorAs(t, err, &refused)
}

func requireOpenAI(t *testing.T, err error, want openai.Error) {
	t.Helper()
	var got *openai.Error
	require.ErrorAs(t, err, &got)
	require.Equal(t, want, *got)
}

func TestClientOpenAIListsAndGoesOn(t *testing.T) {
	t.Parallel()
	w, _ := scripted(t,
		perduretest.GET("/batches?limit=2").JSON(200, `{"data":[{"id":"b1"},{"id":"b2"}],"has_more":true}`),
		perduretest.GET("/batches?limit=2&after=b2").JSON(200, `{"data":[{"id":"b3","status":"failed"}],"has_more":false}`),
		perduretest.GET("/batches?limit=2&after=b2").JSON(200, `{"data":[{"id":"b3","status":"failed"}],"has_more":false}`))
	ctx := patient(t)
	batches := openai.NewBatchClient(w.client, &openai.ClientOptions{Service: "jobs"})
	var next tokens.Token
	var ids []string
	for page, err := range batches.ListBatchPages(ctx, openai.ListParams{Limit: 2}, nil) {
		require.NoError(t, err)
		for _, b := range page.Values {
			ids = append(ids, b.ID)
		}
		if !page.Last {
			next = page.NextPageToken
		}
	}
	require.Equal(t, []string{"b1", "b2", "b3"}, ids)
	for page, err := range batches.RehydrateBatchPages(ctx, next, nil) {
		require.NoError(t, err)
		require.Equal(t, []openai.Batch{{ID: "b3", Status: "failed"}}, page.Values)
	}
}

func TestClientOpenAIStreamsAChat(t *testing.T) {
	t.Parallel()
	w, _ := scripted(t, perduretest.POST("/chat/completions").
		WantJSON(`{"model":"gpt","messages":[{"role":"user","content":"Why?"}],"stream":true}`).
		Header("Content-Type", "text/event-stream").
		Chunks(`data: {"id":"c1","choices":[{"delta":{"role":"assistant"}}]}`+"\n\n",
			`data: {"id":"c1","choices":[{"delta":{"content":"Be"}}]}`+"\n\n",
			`data: {"id":"c1","choices":[{"delta":{"content":"cause"}}]}`+"\n\ndata: [DONE]\n\n"))
	ctx := patient(t)
	chats := openai.NewChatClient(w.client, &openai.ClientOptions{Service: "jobs"})
	answer, err := chats.StreamChat(ctx, openai.ChatParams{Model: "gpt", Messages: []openai.ChatMessage{{Role: "user", Content: "Why?"}}}, &starter.ReadOptions{ID: w.queue})
	require.NoError(t, err)
	require.Equal(t, "Because", wholeText(ctx, t, answer))
	again, err := chats.AttachChat(ctx, w.queue)
	require.NoError(t, err)
	require.Equal(t, "Because", wholeText(ctx, t, again))
}

func wholeText(ctx context.Context, t *testing.T, answer *openai.ChatStream) string {
	t.Helper()
	var text strings.Builder
	for words, err := range answer.Text(ctx) {
		require.NoError(t, err)
		text.WriteString(words)
	}
	return text.String()
}

func TestClientOpenAIAsksInTheBackground(t *testing.T) {
	t.Parallel()
	w, _ := scripted(t,
		perduretest.POST("/responses").WantJSON(`{"model":"gpt","input":"Why?","background":true}`).JSON(200, `{"object":"response","id":"r1","status":"queued"}`),
		perduretest.GET("/responses/r1").JSON(200, `{"object":"response","id":"r1","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Because."}]}]}`),
		perduretest.POST("/vector_stores/vs%2F1/file_batches").WantJSON(`{"file_ids":["f1"]}`).JSON(200, `{"object":"vector_store.file_batch","id":"fb1","status":"in_progress"}`),
		perduretest.GET("/vector_stores/vs%2F1/file_batches/fb1").JSON(200, `{"object":"vector_store.file_batch","id":"fb1","status":"completed","file_counts":{"completed":1,"total":1}}`))
	ctx := patient(t)
	o := &openai.ClientOptions{Service: "jobs"}
	op, err := openai.NewResponseClient(w.client, o).CreateBackgroundResponse(ctx, openai.ResponseParams{Model: "gpt", Input: "Why?"}, soon())
	require.NoError(t, err)
	response, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "Because.", response.OutputText())

	stores := openai.NewVectorStoreClient(w.client, o)
	files, err := stores.CreateFileBatch(ctx, "vs/1", openai.FileBatchParams{FileIDs: []string{"f1"}}, soon())
	require.NoError(t, err)
	batch, err := files.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 1, batch.FileCounts.Completed)
	_, err = stores.CreateFileBatch(ctx, "", openai.FileBatchParams{}, nil)
	require.EqualError(t, err, "perdure: input: vector_store_id: is empty")
}

const machinePath = "/subscriptions/sub/resourceGroups/web/providers/Microsoft.Compute/virtualMachines/vm"

func TestClientAzureResourceManager(t *testing.T) {
	t.Parallel()
	const version = "?api-version=2024-07-01"
	w, _ := scripted(t,
		perduretest.On("PUT", machinePath+version).WantJSON(`{"location":"westeurope","properties":{"hardwareProfile":{"vmSize":"D2"}}}`).
			Header("Azure-AsyncOperation", "/operations/put").JSON(201, `{"location":"westeurope","properties":{"provisioningState":"Creating"}}`),
		perduretest.GET("/operations/put"+version).JSON(200, `{"status":"InProgress"}`),
		perduretest.GET("/operations/put"+version).JSON(200, `{"status":"Succeeded"}`),
		perduretest.GET(machinePath+version).JSON(200, `{"id":"`+machinePath+`","name":"vm","location":"westeurope","properties":{"provisioningState":"Succeeded"}}`),
		perduretest.POST(machinePath+"/runCommand"+version).WantJSON(`{"commandId":"RunShellScript","script":["uptime"]}`).
			Header("Azure-AsyncOperation", "/operations/run").Header("Location", "/results/run").Reply(202),
		perduretest.GET("/operations/run"+version).JSON(200, `{"status":"Succeeded"}`),
		perduretest.GET("/results/run"+version).JSON(200, `{"value":[{"code":"stdout","message":"up 3 days"}]}`),
		perduretest.DELETE(machinePath+version).Header("Location", "/operations/delete").Reply(202),
		perduretest.GET("/operations/delete"+version).Reply(202),
		perduretest.GET("/operations/delete"+version).Reply(204),
		perduretest.DELETE(machinePath+version).JSON(409, `{"error":{"code":"Conflict","message":"it has a lock","target":"vm","details":[{"code":"ScopeLocked","message":"by the auditor"}]}}`))
	ctx := patient(t)
	machines := azure.NewVirtualMachineClient(w.client, "sub", &azure.ClientOptions{Service: "jobs"})

	put, err := machines.CreateOrUpdate(ctx, "web", "vm", azure.VirtualMachine{
		Location: "westeurope", Properties: azure.VirtualMachineProperties{HardwareProfile: &azure.HardwareProfile{VMSize: "D2"}},
	}, soon())
	require.NoError(t, err)
	vm, err := put.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, machinePath, vm.ID)
	require.Equal(t, "Succeeded", vm.Properties.ProvisioningState)

	run, err := machines.RunCommand(ctx, "web", "vm", azure.RunCommandInput{CommandID: "RunShellScript", Script: []string{"uptime"}}, soon())
	require.NoError(t, err)
	said, err := run.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "up 3 days", said.Value[0].Message)

	gone, err := machines.Delete(ctx, "web", "vm", soon())
	require.NoError(t, err)
	token, err := gone.Token(ctx)
	require.NoError(t, err)
	gone, err = machines.RehydrateDelete(ctx, token, nil)
	require.NoError(t, err)
	_, err = gone.Wait(ctx, nil)
	require.NoError(t, err)

	_, err = machines.Delete(ctx, "web", "vm", soon())
	var refused *azure.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, azure.Error{
		StatusCode: 409, ErrorCode: "Conflict", Message: "it has a lock", Target: "vm",
		Details: []azure.ErrorDetail{{Code: "ScopeLocked", Message: "by the auditor"}},
	}, *refused)
}

func TestClientAzureDataPlane(t *testing.T) {
	t.Parallel()
	const (
		project    = "/language/authoring/analyze-conversations/projects/support"
		deployment = project + "/deployments/production"
		version    = "?api-version=2023-04-01"
	)
	w, _ := scripted(t,
		perduretest.POST(project+"/:train"+version).WantJSON(`{"modelLabel":"v7","trainingMode":"standard"}`).
			Header("Operation-Location", "/train/jobs/1").Reply(202),
		perduretest.GET("/train/jobs/1"+version).JSON(200, `{"status":"running"}`),
		perduretest.GET("/train/jobs/1"+version).JSON(200, `{"status":"succeeded","result":{"modelLabel":"v7","trainingConfigVersion":"2023-04-15"}}`),
		perduretest.On("PUT", deployment+version).WantJSON(`{"trainedModelLabel":"v7"}`).
			Header("Operation-Location", "/deployments/jobs/1").Reply(202),
		perduretest.GET("/deployments/jobs/1"+version).JSON(200, `{"status":"succeeded"}`),
		perduretest.GET(deployment+version).JSON(200, `{"deploymentName":"production","trainedModelLabel":"v7"}`),
		perduretest.DELETE(deployment+version).Header("Operation-Location", "/deployments/jobs/2").Reply(202),
		perduretest.GET("/deployments/jobs/2"+version).JSON(200, `{"status":"failed","error":{"code":"InternalServerError","message":"try later","target":"production"}}`))
	ctx := patient(t)
	support := azure.NewProjectClient(w.client, "support", &azure.ClientOptions{Service: "jobs"})

	train, err := support.Train(ctx, azure.TrainingInput{ModelLabel: "v7", TrainingMode: "standard"}, soon())
	require.NoError(t, err)
	model, err := train.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, azure.TrainingResult{ModelLabel: "v7", TrainingConfigVersion: "2023-04-15"}, model)

	deploy, err := support.Deploy(ctx, "production", azure.Deployment{TrainedModel: "v7"}, soon())
	require.NoError(t, err)
	d, err := deploy.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, azure.Deployment{Name: "production", TrainedModel: "v7"}, d)

	gone, err := support.DeleteDeployment(ctx, "production", soon())
	require.NoError(t, err)
	_, err = gone.Wait(ctx, nil)
	var refused *azure.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, azure.Error{ErrorCode: "InternalServerError", Message: "try later", Target: "production"}, *refused)
}

func TestClientGoogleHasMetadata(t *testing.T) {
	t.Parallel()
	const (
		parent = "projects/shop/locations/eu"
		name   = parent + "/operations/op-1"
	)
	w, _ := scripted(t,
		perduretest.POST("/v1/"+parent+"/instances?instanceId=cache").WantJSON(`{"tier":"BASIC","memorySizeGb":1}`).
			JSON(200, `{"name":"`+name+`","metadata":{"verb":"create","target":"`+parent+`/instances/cache"}}`),
		perduretest.GET("/v1/"+name).JSON(200, `{"name":"`+name+`","done":true,"metadata":{"verb":"create","statusDetail":"ready"},"response":{"@type":"x","name":"cache","host":"10.0.0.1","port":6379}}`),
		perduretest.DELETE("/v1/"+parent+"/instances/cache").JSON(200, `{"name":"`+name+`"}`),
		perduretest.GET("/v1/"+name).JSON(200, `{"name":"`+name+`","done":true,"error":{"code":9,"message":"in use","details":[{"@type":"y"}]}}`),
		perduretest.GET("/v1/"+parent+"/instances").JSON(200, `{"instances":[{"name":"a"}],"nextPageToken":"n"}`),
		perduretest.GET("/v1/"+parent+"/instances?pageToken=n").JSON(200, `{"instances":[{"name":"b"}]}`),
		perduretest.POST("/v1/"+parent+"/instances").JSON(409, `{"error":{"code":409,"message":"it is there","status":"ALREADY_EXISTS","details":[{"@type":"z"}]}}`))
	ctx := patient(t)
	instances := google.NewInstanceClient(w.client, &google.ClientOptions{Service: "jobs"})

	create, err := instances.CreateInstance(ctx, parent, "cache", google.Instance{Tier: "BASIC", MemorySizeGB: 1}, &starter.CallOptions{Polling: &perdure.Polling{IntervalSeconds: 3600}})
	require.NoError(t, err)
	require.Equal(t, name, create.Name())
	metadata, err := create.Metadata(ctx)
	require.NoError(t, err)
	require.Equal(t, google.Metadata{Verb: "create", Target: parent + "/instances/cache"}, metadata)
	_, err = create.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	instance, err := create.Value(ctx)
	require.NoError(t, err)
	require.Equal(t, google.Instance{Name: "cache", Host: "10.0.0.1", Port: 6379}, instance)
	metadata, err = create.Metadata(ctx)
	require.NoError(t, err)
	require.Equal(t, "ready", metadata.StatusDetail)

	gone, err := instances.DeleteInstance(ctx, parent+"/instances/cache", soon())
	require.NoError(t, err)
	_, err = gone.Wait(ctx, nil)
	var refused *google.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "FAILED_PRECONDITION", refused.Code)
	require.Equal(t, "in use", refused.Message)
	require.Len(t, refused.Details, 1)

	var names []string
	for i, err := range instances.ListInstances(ctx, parent, nil) {
		require.NoError(t, err)
		names = append(names, i.Name)
	}
	require.Equal(t, []string{"a", "b"}, names)

	_, err = instances.CreateInstance(ctx, parent, "cache", google.Instance{}, soon())
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "ALREADY_EXISTS", refused.Code)
	require.Equal(t, 409, refused.HTTPStatus)
	require.Len(t, refused.Details, 1)
}

// The client to which docs/write-a-client.md leads does what the service there says.
func TestClientOfTheGuide(t *testing.T) {
	t.Parallel()
	running := `{"id":"t1","state":"working","heard":{"seconds":30,"total":60}}`
	service := perduretest.NewService(t,
		perduretest.POST("/v1/transcripts").WantJSON(`{"audio_url":"https://example.com/a.mp3","language":"en"}`).JSON(200, `{"id":"t1","state":"working"}`),
		perduretest.GET("/v1/transcripts/t1").JSON(200, running),
		perduretest.GET("/v1/transcripts/t1").JSON(200, `{"id":"t1","state":"ready","text":"Hello."}`),
		perduretest.POST("/v1/transcripts").JSON(200, `{"id":"t2","state":"working"}`),
		perduretest.GET("/v1/transcripts/t2").JSON(200, `{"id":"t2","state":"broken","problem":{"code":"noise","message":"nobody speaks","at_second":7}}`),
		perduretest.POST("/v1/transcripts").JSON(200, `{"id":"t3","state":"working"}`),
		perduretest.DELETE("/v1/transcripts/t3").Reply(204),
		perduretest.GET("/v1/transcripts/t3").JSON(200, `{"id":"t3","state":"stopped"}`),
		perduretest.GET("/v1/transcripts").JSON(200, `{"transcripts":[{"id":"t1"},{"id":"t2"}],"next":"/v1/transcripts?page=2"}`),
		perduretest.GET("/v1/transcripts?page=2").JSON(200, `{"transcripts":[{"id":"t3"}]}`),
		perduretest.POST("/v1/transcripts").JSON(422, `{"error":{"code":"no_audio","message":"audio_url is missing"}}`))
	w := newWorld(t, settings{extra: "  transcripts:\n    baseURL: " + service.URL() + "/v1\n    allowPrivateNetwork: true\n"})
	w.worker()
	ctx := patient(t)
	transcripts := transcript.New(w.client)

	op, err := transcripts.Create(ctx, transcript.Params{AudioURL: "https://example.com/a.mp3", Language: "en"}, &starter.CallOptions{Polling: &perdure.Polling{IntervalSeconds: 3600}})
	require.NoError(t, err)
	_, err = op.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	heard, err := op.Heard(ctx)
	require.NoError(t, err)
	require.Equal(t, transcript.Heard{Seconds: 30, Total: 60}, heard)
	_, err = op.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	text, err := op.Value(ctx)
	require.NoError(t, err)
	require.Equal(t, transcript.Transcript{ID: "t1", State: "ready", Text: "Hello."}, text)

	op, err = transcripts.CreateRaw(ctx, []byte(`{}`), nil)
	require.NoError(t, err)
	_, err = op.Wait(ctx, nil)
	var broken *transcript.Error
	require.ErrorAs(t, err, &broken)
	require.Equal(t, transcript.Error{Code: "noise", Message: "nobody speaks", AtSecond: 7}, *broken)

	op, err = transcripts.CreateRaw(ctx, []byte(`{}`), &starter.CallOptions{Polling: &perdure.Polling{IntervalSeconds: 3600}})
	require.NoError(t, err)
	require.NoError(t, op.Cancel(ctx, "not needed"))
	_, err = op.Wait(ctx, nil)
	requireType(t, err, perdure.ErrorCanceled)

	var ids []string
	for text, err := range transcripts.List(ctx, nil) {
		require.NoError(t, err)
		ids = append(ids, text.ID)
	}
	require.Equal(t, []string{"t1", "t2", "t3"}, ids)

	_, err = transcripts.Create(ctx, transcript.Params{}, nil)
	require.ErrorAs(t, err, &broken)
	require.Equal(t, transcript.Error{StatusCode: 422, Code: "no_audio", Message: "audio_url is missing"}, *broken)
}
