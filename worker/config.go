package worker

// Config is a worker's configuration. A zero field is the default; tags give the
// bounds of numbers. Relative paths are relative to the folder of the file that it
// was read from, or to the working directory.
type Config struct {
	// TaskQueue is served by the worker. Default [perdure.DefaultTaskQueue].
	TaskQueue string `json:"taskQueue,omitempty"`
	Tokens    Tokens `json:"tokens,omitzero"`
	// Encryption of every payload. Default: none.
	Encryption *Encryption `json:"encryption,omitempty"`
	// Storage of payloads that are large. Default: none, and values are bounded by what
	// Temporal takes.
	Storage *Storage `json:"storage,omitempty"`
	Worker  Process  `json:"worker,omitzero"`
	// Services by name. At least one.
	Services map[string]Service `json:"services,omitempty"`

	source source
}

// Tokens says how continuation tokens are sealed.
type Tokens struct {
	// KeysetFile holds the keys. Required.
	KeysetFile string `json:"keysetFile,omitempty"`
	// LifetimeSeconds is how old a token may be that is taken up. Default 30 days.
	LifetimeSeconds float64 `json:"lifetimeSeconds,omitempty" min:"60" max:"315360000"`
}

// Encryption says how payloads are encrypted.
type Encryption struct {
	// KeysetFile holds the keys, and is not the one of Tokens. Required.
	KeysetFile string `json:"keysetFile,omitempty"`
}

// Storage says where large payloads are kept.
type Storage struct {
	// URL is "file:///folder" or "s3://bucket/prefix". Required.
	URL string `json:"url,omitempty"`
	// ThresholdBytes is how large a payload is that is kept there. Default 262144.
	ThresholdBytes int `json:"thresholdBytes,omitempty" min:"1024" max:"1000000"`
}

// Process is how the worker runs.
type Process struct {
	// Listen is the host and port of health and metrics. Default: none.
	Listen string `json:"listen,omitempty"`
	// DrainSeconds is how long running activities may take to return when the worker
	// stops. Default 30.
	DrainSeconds *float64 `json:"drainSeconds,omitempty" min:"0" max:"3600"`
	// ConcurrentActivities at once; each operation that is watched takes one. Default
	// 20000.
	ConcurrentActivities int   `json:"concurrentActivities,omitempty" min:"1" max:"200000"`
	Watch                Watch `json:"watch,omitzero"`
	// Deployment that this worker is a version of. Default: the worker is unversioned.
	Deployment *Deployment `json:"deployment,omitempty"`
}

// Watch says how long an activity waits in process before it leaves the wait to a
// durable timer.
type Watch struct {
	// ThresholdSeconds: a longer wait is a durable timer. Default 20.
	ThresholdSeconds float64 `json:"thresholdSeconds,omitempty" min:"0.001" max:"3600"`
	// WindowSeconds is how long one activity watches. Default 600.
	WindowSeconds float64 `json:"windowSeconds,omitempty" min:"0.1" max:"3600"`
}

// Deployment is a version of a Worker Deployment of Temporal's: Temporal gives the worker
// tasks once that version has been made the current one.
type Deployment struct {
	// Name is the same for all versions. Required.
	Name string `json:"name,omitempty"`
	// BuildID tells this version from the others. Default: the version of the program's
	// main module.
	BuildID string `json:"buildId,omitempty"`
}
