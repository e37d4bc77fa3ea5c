package devserver

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

// Options of [Start]. The zero value is a server in memory, with its web UI, on
// free ports of 127.0.0.1.
type Options struct {
	// IP is the address that the frontend and the web UI listen on, the frontend
	// for its HTTP API also, on a free port. Default 127.0.0.1; 0.0.0.0 is every
	// IPv4 address of the machine. All else listens on 127.0.0.1, whatever IP is.
	IP string

	// Port is the frontend's. Default 0: a free one, see [Server.HostPort].
	Port int

	// UIPort is the web UI's. Default 0: a free one, see [Server.UIURL].
	UIPort int

	// Headless leaves the web UI out.
	Headless bool

	// Namespaces that the server has, created where they are missing. Default:
	// one called "default". One that exists keeps its settings.
	Namespaces []string

	// Retention is how long a namespace that Start creates keeps closed
	// workflows. Default 24 hours, at least one second.
	Retention time.Duration

	// DBFilename is the SQLite file that holds everything, created where it is
	// missing; its directory must exist. Beside it SQLite keeps files of the
	// same name ending in -wal and -shm, and the server one ending in .lock.
	// Default "": in memory, gone with Stop.
	DBFilename string

	// SearchAttributes that every one of Namespaces gets, also one that exists
	// and lacks some. Default: those of [SearchAttributes]; an empty map is none.
	SearchAttributes map[string]enumspb.IndexedValueType

	// DynamicConfig holds settings of the Temporal server by their name, put
	// over the ones that devserver makes. A duration is a string ("10ms") or a
	// time.Duration. A name that the server does not know is an error.
	DynamicConfig map[string]any

	// Logger of the server. Default: warnings and errors, as text, to standard
	// error.
	Logger *slog.Logger

	// onPorts is told the ports before the server listens on them.
	onPorts func(ports)
}

// SearchAttributes are the ones that Perdure's workflows set, in a new map.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	return map[string]enumspb.IndexedValueType{
		"PerdureState":         enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"PerdureService":       enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"PerdureServiceStatus": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"PerdureRemoteId":      enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"PerdurePercent":       enumspb.INDEXED_VALUE_TYPE_INT,
	}
}

// validated gives a copy with the defaults filled in.
func (o Options) validated() (Options, error) {
	if o.IP == "" {
		o.IP = loopback
	}
	if net.ParseIP(o.IP) == nil {
		return Options{}, fmt.Errorf("devserver: IP %q is not an IP address", o.IP)
	}
	for option, port := range map[string]int{"Port": o.Port, "UIPort": o.UIPort} {
		if port < 0 || port > 65535 {
			return Options{}, &PortError{Option: option, Port: port, Err: errors.New("not between 0 and 65535")}
		}
	}
	o.Namespaces = slices.Clone(o.Namespaces)
	if len(o.Namespaces) == 0 {
		o.Namespaces = []string{"default"}
	}
	if slices.Contains(o.Namespaces, "") {
		return Options{}, errors.New("devserver: a namespace without a name")
	}
	if o.Retention == 0 {
		o.Retention = 24 * time.Hour
	}
	if o.Retention < time.Second {
		return Options{}, fmt.Errorf("devserver: Retention %v is less than a second", o.Retention)
	}
	if o.SearchAttributes == nil {
		o.SearchAttributes = SearchAttributes()
	} else {
		o.SearchAttributes = maps.Clone(o.SearchAttributes)
	}
	o.DynamicConfig = maps.Clone(o.DynamicConfig)
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	return o, nil
}
