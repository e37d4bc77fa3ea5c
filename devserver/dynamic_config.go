package devserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/server/common/dynamicconfig"
)

// unlimited is more requests a second than one process with SQLite answers. The
// server's limits protect a shared cluster; here they only make tests flaky.
const unlimited = 1_000_000

func defaultDynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// Workers of the server's own that it does not stop when it stops: they
		// would go on asking for tasks, in vain and for ever. Without the first,
		// history closes children itself; the others tidy up what a file collects
		// in months.
		dynamicconfig.EnableParentClosePolicyWorker.Key(): false,
		dynamicconfig.TaskQueueScannerEnabled.Key():       false,
		dynamicconfig.HistoryScannerEnabled.Key():         false,

		// Timers fire when they are due, instead of up to a second later.
		dynamicconfig.TimerProcessorMaxTimeShift.Key(): time.Millisecond,
		// Polling by timers beyond saturation stalled for most of a minute with
		// two readers.
		dynamicconfig.TimerQueueMaxReaderCount.Key(): 1,

		// A cancellation reaches a running activity at once, instead of with its
		// next heartbeat.
		dynamicconfig.WorkerCommandsEnabled.Key():             true,
		dynamicconfig.EnableCancelActivityWorkerCommand.Key(): true,

		// A worker that stops has its polls answered, so that no task goes to one that
		// does not listen any more: that would hold its operation up for ten seconds.
		dynamicconfig.EnableCancelWorkerPollsOnShutdown.Key(): true,

		// What is registered is seen at once.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		dynamicconfig.NamespaceCacheRefreshInterval.Key():           100 * time.Millisecond,

		// A retention of seconds, so that what happens after it can be tried.
		dynamicconfig.NamespaceMinRetentionLocal.Key():   time.Second,
		dynamicconfig.RetentionTimerJitterDuration.Key(): time.Duration(0),

		dynamicconfig.FrontendRPS.Key():                                                        unlimited,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():                                 unlimited,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():                       unlimited,
		dynamicconfig.FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance.Key(): unlimited,
		dynamicconfig.FrontendGlobalNamespaceNamespaceReplicationInducingAPIsRPS.Key():         unlimited,
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key():                unlimited,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                                          unlimited,
		dynamicconfig.HistoryRPS.Key():                                                         unlimited,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                                           unlimited,
		dynamicconfig.MatchingRPS.Key():                                                        unlimited,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                                          unlimited,
	}
}

// dynamicConfig puts overrides over the defaults.
func dynamicConfig(overrides map[string]any) (dynamicconfig.Client, error) {
	settings := defaultDynamicConfig()
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		values, err := parseSetting(name, overrides[name])
		if err != nil {
			return nil, fmt.Errorf("devserver: DynamicConfig %q: %w", name, err)
		}
		settings[dynamicconfig.MakeKey(name)] = values
	}
	return settings, nil
}

// parseSetting reads value as the server reads a configuration file, which also
// tells whether there is such a setting and whether the value fits it.
func parseSetting(name string, value any) ([]dynamicconfig.ConstrainedValue, error) {
	if d, ok := value.(time.Duration); ok {
		value = d.String()
	}
	text, err := json.Marshal([]map[string]any{{"value": value}})
	if err != nil {
		return nil, err
	}
	key := dynamicconfig.MakeKey(name)
	var loader dynamicconfig.YamlLoader
	loader.LoadValue(key, text)
	if err := errors.Join(append(loader.Errors, loader.Warnings...)...); err != nil {
		return nil, err
	}
	return loader.Map[key], nil
}
