package perdure

// RehydrateInput is the input of perdure.rehydrate.v1, the workflow and the activity: a
// worker verifies the token, and then attaches to the workflow that it names, or starts
// one that goes on from it.
type RehydrateInput struct {
	Token string `json:"token"`
	// Kind is what the token continues: operation, stream or page. Default operation. A
	// page's token attaches to nothing: it starts a collection that begins with that page.
	Kind string `json:"kind,omitempty"`
	// Type is the token's type; empty: the token must have none.
	Type string `json:"type,omitempty"`
	// Audience is the token's audience; empty: the token must have none.
	Audience string `json:"audience,omitempty"`
	// Service is the one that the token must be of. Default: any.
	Service string `json:"service,omitempty"`
}

// Kinds of RehydrateInput.
const (
	KindOperation = "operation"
	KindStream    = "stream"
	KindPage      = "page"
)

// Rehydrated is the result of perdure.rehydrate.v1: the workflow that has taken it up.
type Rehydrated struct {
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// Started: the workflow did not exist, or had ended in a way that a new run can mend,
	// and goes on from the token. Two callers that ask at once may be told different things.
	Started bool `json:"started,omitempty"`
}

// TokenRefusal is details[0] of a failure InvalidToken of perdure.rehydrate.v1, and the
// details of the error in every status of that type.
type TokenRefusal struct {
	// Reason is malformed, tooLarge, notAuthentic, keyRetired, kind, service, type,
	// audience or expired.
	Reason string `json:"reason"`
}

// Check reports the first field that is wrong, as an *InputError. What the token says is
// for the worker to verify.
func (in *RehydrateInput) Check() error {
	if in.Token == "" {
		return &InputError{Field: "token", Message: "is missing, want a continuation token"}
	}
	switch in.Kind {
	case "", KindOperation, KindStream, KindPage:
	default:
		return &InputError{Field: "kind", Message: "is unknown, want operation, stream or page"}
	}
	return checkCaller(in.Service, nil, in.Type, in.Audience)
}

// Summary is a line about it for people, such as Temporal's web UI shows: the type.
func (in *RehydrateInput) Summary() string { return summary(in.Type, in.Service, nil) }
