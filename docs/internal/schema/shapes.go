package schema

import (
	"reflect"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// Direction says who writes a shape.
type Direction int

// A caller writes inputs, which must have no field that is unknown. It reads outputs,
// which may have more than it knows.
const (
	Input Direction = iota
	Output
)

// Shape is a type of the contract that has a schema of its own.
type Shape struct {
	Type      reflect.Type
	Direction Direction
	// Use is where callers meet it, in Markdown.
	Use string
}

// Name of the shape, and of its file before ".json".
func (s Shape) Name() string { return s.Type.Name() }

// Shapes are all of them, in the order of the contract.
func Shapes() []Shape {
	return []Shape{
		input[perdure.OperationInput]("argument of `perdure.operation.v1`"),
		output[perdure.OperationResult]("result of `perdure.operation.v1`"),
		output[perdure.Status]("an operation's query `status`, every update's answer, memo `perdureStatus`, `details[0]` of a failure or a cancel"),
		output[perdure.Response]("query `response`, which gives `null` before the service has answered"),
		input[perdure.CancelSignal]("signal `cancel`, of every workflow; may be left out"),
		input[perdure.UpdateStatusRequest]("update `updateStatus`; may be left out"),
		input[perdure.Polling]("update `setPolling`"),
		input[perdure.Resolve]("update `resolve`"),
		output[perdure.Heartbeat]("heartbeat details of the pending activity `perdure.poll.v1`"),
		output[perdure.ServiceError]("first detail of the last failure of the pending activity `perdure.fetchPage.v1`"),
		output[perdure.Report]("the signal that an operation sends to the workflow that is its parent"),
		output[starter.Summary]("a line of `perdure list --output json`"),

		input[perdure.CollectionInput]("argument of `perdure.collection.v1` and `perdure.page.v1`"),
		output[perdure.CollectionResult]("result of `perdure.collection.v1`"),
		output[perdure.CollectionStatus]("a collection's query `status`, update `wait`, memo `perdureStatus`, `details[0]` of a failure or a cancel"),
		input[perdure.WaitRequest]("a collection's update `wait`"),
		input[perdure.PageRequest]("query `page`"),
		output[perdure.Page]("answer of the query `page`, result of `perdure.page.v1`"),
		input[perdure.PagesRequest]("query `pages`"),
		output[perdure.Pages]("answer of the query `pages`"),
		output[perdure.Segment]("`details[0]` of a collection's error `OtherRun`"),

		input[perdure.StreamInput]("argument of `perdure.stream.v1`"),
		output[perdure.StreamResult]("result of `perdure.stream.v1`"),
		output[perdure.StreamStatus]("a stream's query `status`, update `wait`, memo `perdureStatus`, `details[0]` of a failure or a cancel"),
		input[perdure.WaitEventRequest]("a stream's update `wait`"),
		input[perdure.ReadRequest]("query `read`"),
		output[perdure.Events]("answer of the query `read`"),
		output[perdure.StreamSegment]("`details[0]` of a stream's error `OtherRun`"),

		input[perdure.RehydrateInput]("argument of `perdure.rehydrate.v1`"),
		output[perdure.Rehydrated]("result of `perdure.rehydrate.v1`"),
		output[perdure.TokenRefusal]("`details[0]` of the failure `InvalidToken` of `perdure.rehydrate.v1`"),

		input[perdure.FollowInput]("argument of the activity `perdure.follow.v1`, for workflows"),
		output[perdure.Followed]("result of the activity `perdure.follow.v1`"),
	}
}

func input[T any](use string) Shape  { return Shape{reflect.TypeFor[T](), Input, use} }
func output[T any](use string) Shape { return Shape{reflect.TypeFor[T](), Output, use} }
