package flows

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
)

// AnswerInput is the input of Answer.
type AnswerInput struct {
	// Questions are the lines of a batch file: at most 1 MB. A larger file is uploaded by
	// an activity of one's own, which has it at hand.
	Questions string `json:"questions"`
	// Metadata of the batch.
	Metadata map[string]string `json:"metadata,omitempty"`
}

// File is an uploaded file.
type File struct {
	ID string `json:"id"`
}

// Batch is a batch that is completed.
type Batch struct {
	ID           string `json:"id"`
	OutputFileID string `json:"output_file_id"`
}

// Answer has questions answered by a batch: it uploads them, waits for the batch, for a
// day if need be, and downloads the answers. Each step is done once, whatever dies.
func (f *Flows) Answer(ctx workflow.Context, in AnswerInput) (string, error) {
	at := func(step string) *child.StartOptions { return &child.StartOptions{TaskQueue: f.Perdure, Summary: step} }
	questions, err := child.Run[File](ctx, f.upload(in.Questions), at("upload"))
	if err != nil {
		return "", err
	}
	batch, err := child.Run[Batch](ctx, f.batch(questions.ID, in.Metadata), at("batch"))
	if err != nil {
		return "", err
	}
	answers, err := child.Run[[]byte](ctx, f.download(batch.OutputFileID), at("download"))
	return string(answers), err
}

func (f *Flows) upload(questions string) perdure.OperationInput {
	const border = "perdure-example"
	form := fmt.Sprintf("--%[1]s\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"+
		"--%[1]s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"questions.jsonl\"\r\n\r\n%[2]s\r\n--%[1]s--\r\n", border, questions)
	return perdure.OperationInput{
		Request: &perdure.Request{
			Service: f.Service, Method: "POST", URL: "/v1/files",
			Headers: map[string][]string{"Content-Type": {"multipart/form-data; boundary=" + border}},
			Body:    perdure.TextBody(form),
		},
		Protocol: &perdure.ProtocolChoice{Name: "location"}, Type: "UploadFile",
	}
}

func (f *Flows) batch(file string, metadata map[string]string) perdure.OperationInput {
	body, _ := json.Marshal(map[string]any{ // of strings: nothing can go wrong
		"input_file_id": file, "endpoint": "/v1/responses", "completion_window": "24h", "metadata": metadata,
	})
	return perdure.OperationInput{
		Request:  &perdure.Request{Service: f.Service, Method: "POST", URL: "/v1/batches", Body: perdure.JSONBody(body)},
		Protocol: &perdure.ProtocolChoice{Name: "openai"}, Type: "CreateBatch",
	}
}

func (f *Flows) download(file string) perdure.OperationInput {
	return perdure.OperationInput{
		Request:  &perdure.Request{Service: f.Service, Method: "GET", URL: "/v1/files/" + file + "/content"},
		Protocol: &perdure.ProtocolChoice{Name: "location"}, Type: "DownloadFile",
	}
}
