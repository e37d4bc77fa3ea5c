package perdure

// DefaultTaskQueue is the task queue that workers serve and starters use unless
// they are told otherwise.
const DefaultTaskQueue = "perdure"

// Workflow types, as registered.
const (
	WorkflowOperation  = "perdure.operation.v1"
	WorkflowCollection = "perdure.collection.v1"
	WorkflowPage       = "perdure.page.v1"
	WorkflowStream     = "perdure.stream.v1"
	WorkflowRehydrate  = "perdure.rehydrate.v1"
)

// Activity types, as registered.
const (
	ActivityStart      = "perdure.start.v1"
	ActivityPoll       = "perdure.poll.v1"
	ActivityCancel     = "perdure.cancel.v1"
	ActivityFetchPage  = "perdure.fetchPage.v1"
	ActivityReadStream = "perdure.readStream.v1"
	ActivityRehydrate  = "perdure.rehydrate.v1"
)

// ActivityLookAtStart is a local activity: only the operation's workflow runs it, within
// its own workflow task.
const ActivityLookAtStart = "perdure.lookAtStart.v1"

// Queries, with their arguments and answers. They are answered on closed workflows too.
const (
	QueryStatus   = "status"   // of all: Status, CollectionStatus or StreamStatus
	QueryToken    = "token"    // of all: a string, empty while there is none
	QueryResponse = "response" // of an operation and a stream: Response
	QueryPage     = "page"     // of a collection: PageRequest, Page
	QueryPages    = "pages"    // of a collection: PagesRequest, Pages
	QueryRead     = "read"     // of a stream: ReadRequest, Events
)

// Signals, with their arguments.
const (
	SignalCancel = "cancel" // to all: CancelSignal, or nothing
	SignalPoll   = "poll"   // to an operation, without an argument: ask the service now
)

// Updates, with their arguments and answers. UpdateAwaitStarted is also the update id that all callers share.
const (
	UpdateAwaitStarted = "awaitStarted" // of an operation: nothing, Status
	UpdateUpdateStatus = "updateStatus" // of an operation: UpdateStatusRequest, Status
	UpdateSetPolling   = "setPolling"   // of an operation: Polling, Status
	UpdateResolve      = "resolve"      // of an operation: Resolve, Status
	UpdateWait         = "wait"         // of a collection and a stream: WaitRequest or WaitEventRequest, the status
)

// Search attributes, set where the namespace has them.
const (
	SearchAttributeState         = "PerdureState"
	SearchAttributeService       = "PerdureService"
	SearchAttributeServiceStatus = "PerdureServiceStatus"
	SearchAttributeRemoteID      = "PerdureRemoteId"
	SearchAttributePercent       = "PerdurePercent"
)

// MemoStatus is the memo field that holds the last recorded Status, for readers
// that find no worker running.
const MemoStatus = "perdureStatus"

// MemoSummary is the memo field in which a caller gives a summary of its own. The current
// details of every run show it; Temporal's own summary stays with the first run.
const MemoSummary = "perdureSummary"

// AutoProtocol is the protocol that decides on the start's answer.
const AutoProtocol = "auto"

// MaxTokenBytes is the most bytes that a continuation token may have.
const MaxTokenBytes = 16 << 10
