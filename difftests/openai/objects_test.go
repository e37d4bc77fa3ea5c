package openai_test

import (
	"context"
	"slices"

	"github.com/openai/openai-go/v3"
)

// object is one that the SDK has a helper for, which creates it and polls.
type object struct {
	name, url string // url is where it is created
	running   []string
	succeeded []string
	failed    []string
	canceled  []string
	create    func(ctx context.Context, c openai.Client) (status, raw string, err error)
}

var objects = []object{
	{
		name: "vector_store.file", url: "/v1/vector_stores/vs_1/files",
		running: []string{"in_progress"}, succeeded: []string{"completed"}, failed: []string{"failed"}, canceled: []string{"cancelled"},
		create: func(ctx context.Context, c openai.Client) (string, string, error) {
			f, err := c.VectorStores.Files.NewAndPoll(ctx, "vs_1", openai.VectorStoreFileNewParams{FileID: "x_1"}, 0)
			if err != nil {
				return "", "", err
			}
			return string(f.Status), f.RawJSON(), nil
		},
	},
	{
		name: "vector_store.files_batch", url: "/v1/vector_stores/vs_1/file_batches",
		running: []string{"in_progress"}, succeeded: []string{"completed"}, failed: []string{"failed"}, canceled: []string{"cancelled"},
		create: func(ctx context.Context, c openai.Client) (string, string, error) {
			b, err := c.VectorStores.FileBatches.NewAndPoll(ctx, "vs_1", openai.VectorStoreFileBatchNewParams{FileIDs: []string{"f"}}, 0)
			if err != nil {
				return "", "", err
			}
			return string(b.Status), b.RawJSON(), nil
		},
	},
	{
		name: "video", url: "/v1/videos",
		running: []string{"queued", "in_progress"}, succeeded: []string{"completed"}, failed: []string{"failed"},
		create: func(ctx context.Context, c openai.Client) (string, string, error) {
			v, err := c.Videos.NewAndPoll(ctx, openai.VideoNewParams{Prompt: "p"}, 0) //nolint:staticcheck // deprecated, and the only helper for videos
			if err != nil {
				return "", "", err
			}
			return string(v.Status), v.RawJSON(), nil
		},
	},
}

func (o object) terminal() []string { return slices.Concat(o.succeeded, o.failed, o.canceled) }
