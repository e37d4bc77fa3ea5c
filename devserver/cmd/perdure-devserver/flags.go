package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/perdure-dev/perdure/devserver"
)

// uiPortOffset is what lies between the server's port and the web UI's.
const uiPortOffset = 1000

type flags struct {
	set *pflag.FlagSet

	ip               string
	port             int
	uiPort           int
	headless         bool
	namespaces       []string
	retention        time.Duration
	dbFilename       string
	logLevel         string
	dynamicConfig    []string
	searchAttributes []string
	output           string
}

func (f *flags) register(set *pflag.FlagSet) {
	f.set = set
	set.SortFlags = false
	set.StringVar(&f.ip, "ip", "127.0.0.1", "address to listen on; 0.0.0.0: every one")
	set.IntVar(&f.port, "port", 7233, "port of the Temporal server; 0: a free one")
	set.IntVar(&f.uiPort, "ui-port", 0, "port of the web UI; 0: a free one (default --port + 1000; 0 when --port is 0)")
	set.BoolVar(&f.headless, "headless", false, "no web UI")
	set.StringArrayVarP(&f.namespaces, "namespace", "n", []string{"default"}, "namespace to have; can be repeated")
	set.DurationVar(&f.retention, "retention", 24*time.Hour, "how long a namespace that is created here keeps closed workflows")
	set.StringVarP(&f.dbFilename, "db-filename", "f", "", "SQLite file to keep everything in (default: in memory)")
	set.StringVar(&f.logLevel, "log-level", "warn", "least level to log: debug, info, warn, error, never")
	set.StringArrayVar(&f.dynamicConfig, "dynamic-config-value", nil, "setting of the Temporal server, KEY=JSON; can be repeated")
	set.StringArrayVar(&f.searchAttributes, "search-attribute", nil, "search attribute to have besides Perdure's, NAME=TYPE; can be repeated")
	set.StringVarP(&f.output, "output", "o", "text", "how to say where the server listens: text, json")
}

// options reads the flags. The server's log goes to log.
func (f *flags) options(log io.Writer) (devserver.Options, error) {
	if f.output != "text" && f.output != "json" {
		return devserver.Options{}, fmt.Errorf("--output %q: not text or json", f.output)
	}
	level, err := parseLevel(f.logLevel)
	if err != nil {
		return devserver.Options{}, err
	}
	settings, err := parseSettings(f.dynamicConfig, f.dbFilename != "")
	if err != nil {
		return devserver.Options{}, err
	}
	attributes, err := parseSearchAttributes(f.searchAttributes)
	if err != nil {
		return devserver.Options{}, err
	}
	return devserver.Options{
		IP:               f.ip,
		Port:             f.port,
		UIPort:           f.uiPortOrDefault(),
		Headless:         f.headless,
		Namespaces:       f.namespaces,
		Retention:        f.retention,
		DBFilename:       f.dbFilename,
		SearchAttributes: attributes,
		DynamicConfig:    settings,
		Logger:           slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level})),
	}, nil
}

func (f *flags) uiPortOrDefault() int {
	if f.set.Changed("ui-port") || f.port == 0 {
		return f.uiPort
	}
	return f.port + uiPortOffset
}

func parseLevel(text string) (slog.Level, error) {
	if text == "never" {
		return math.MaxInt, nil
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("--log-level %q: not debug, info, warn, error or never", text)
	}
	return level, nil
}

// parseSettings adds pairs to the settings that a server with a file has only
// when its process ends with it: its workers that tidy up the file.
func parseSettings(pairs []string, file bool) (map[string]any, error) {
	settings := map[string]any{}
	if file {
		settings["worker.taskQueueScannerEnabled"] = true
		settings["worker.historyScannerEnabled"] = true
	}
	for _, pair := range pairs {
		key, text, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--dynamic-config-value %q: not KEY=JSON", pair)
		}
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return nil, fmt.Errorf("--dynamic-config-value %s: %q is not JSON (a string needs quotes): %w", key, text, err)
		}
		settings[key] = value
	}
	return settings, nil
}

func parseSearchAttributes(pairs []string) (map[string]enumspb.IndexedValueType, error) {
	attributes := devserver.SearchAttributes()
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--search-attribute %q: not NAME=TYPE", pair)
		}
		valueType, err := enumspb.IndexedValueTypeFromString(text)
		if err != nil || valueType == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
			return nil, fmt.Errorf("--search-attribute %s: %q is not Text, Keyword, Int, Double, Bool, Datetime or KeywordList", name, text)
		}
		attributes[name] = valueType
	}
	return attributes, nil
}
