package perdure

// ActivityFollow is the type of the activity by which a workflow reads a stream: it runs
// on the task queue of the workers, and waits until there is something to read.
const ActivityFollow = "perdure.follow.v1"

// FollowInput is the input of perdure.follow.v1.
type FollowInput struct {
	// Stream is the workflow id of the stream.
	Stream string `json:"stream"`
	// Offset is of the first event.
	Offset int `json:"offset"`
	// WaitSeconds bounds the wait for that event. Default 300.
	WaitSeconds float64 `json:"waitSeconds,omitempty"`
	// GatherSeconds is how long the events after it are waited for, at most 60. Default 1.
	GatherSeconds *float64 `json:"gatherSeconds,omitempty"`
}

// Followed is the result of perdure.follow.v1: the events that there are, about 1 MB at
// most; none where none came in time.
type Followed struct {
	Events []Event `json:"events"`
	// Next is the offset to go on from.
	Next int `json:"next"`
	// Done is true where no event will come at or after Next.
	Done bool `json:"done"`
	// Status is how the stream ended, once Done.
	Status *StreamStatus `json:"status,omitempty"`
}

const maxGatherSeconds = 60

// Check reports the first field that is wrong, as an *InputError.
func (in *FollowInput) Check() error {
	if in.Stream == "" {
		return &InputError{Field: "stream", Message: "is missing, want the workflow id of a stream"}
	}
	if err := checkOffset(in.Offset); err != nil {
		return err
	}
	if in.GatherSeconds != nil && (*in.GatherSeconds < 0 || *in.GatherSeconds > maxGatherSeconds) {
		return &InputError{Field: "gatherSeconds", Message: "is out of bounds, want 0 to 60"}
	}
	return checkSeconds("waitSeconds", in.WaitSeconds)
}
