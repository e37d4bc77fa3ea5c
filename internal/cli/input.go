package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

const (
	maxInputFile = 16 << 20
	inputUse     = "[METHOD URL]"
	inputHelp    = `

The request is METHOD and URL, or all of an operation's input as JSON or YAML in
--file; flags go over what the file says. A URL that begins with / is put after the
service's baseURL and needs --service. Credentials are the worker's, never yours to
send. The same --id is the same operation: starting it again attaches to it.`
)

// inputFlags make the input of an operation.
type inputFlags struct {
	file            string
	id              string
	service         string
	data            string
	headers         []string
	protocol        string
	protocolOptions string
	pollInterval    time.Duration
	timeout         time.Duration
	kind            string
	audience        string
	idempotencyKey  string
}

func (i *inputFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&i.file, "file", "f", "", "operation input as JSON or YAML (- is standard input)")
	f.StringVar(&i.id, "id", "", "workflow `id`: the same id is the same operation (default a new one)")
	f.StringVar(&i.service, "service", "", "`name` of the service in the worker's configuration")
	f.StringVarP(&i.data, "data", "d", "", "request body: `JSON`, @FILE with JSON, or @- for standard input")
	f.StringArrayVarP(&i.headers, "header", "H", nil, "request header, `'Name: value'`; can be repeated")
	f.StringVar(&i.protocol, "protocol", "", "`name` of the protocol that the service speaks (default the service's, or auto)")
	f.StringVar(&i.protocolOptions, "protocol-options", "", "the protocol's options, a `JSON` object")
	f.DurationVar(&i.pollInterval, "poll-interval", 0, "wait between questions where the service asks for none, such as 30s")
	f.DurationVar(&i.timeout, "timeout", 0, "bound of the whole operation, such as 24h; 0: none")
	f.StringVar(&i.kind, "type", "", "your `name` for the method: bound into the token, and demanded again")
	f.StringVar(&i.audience, "audience", "", "for `whom`, a tenant or a user: bound into the token, and demanded again")
	f.StringVar(&i.idempotencyKey, "idempotency-key", "", "`key` by which the service recognises a repeated start (default derived)")
}

// read makes the input, and checks it.
func (i *inputFlags) read(a *app, cmd *cobra.Command, args []string) (perdure.OperationInput, error) {
	var in perdure.OperationInput
	if err := i.consistent(cmd, args); err != nil {
		return in, err
	}
	if i.file != "" {
		if err := a.readInput(i.file, &in); err != nil {
			return in, err
		}
	}
	for _, step := range []func(*perdure.OperationInput) error{
		func(in *perdure.OperationInput) error { return applyTarget(in, args) },
		i.applyService,
		func(in *perdure.OperationInput) error { return i.applyBody(a, in) },
		i.applyHeaders,
		i.applyProtocol,
		func(in *perdure.OperationInput) error { return i.applyTimes(cmd, in) },
	} {
		if err := step(&in); err != nil {
			return in, err
		}
	}
	override(&in.Type, i.kind)
	override(&in.Audience, i.audience)
	override(&in.IdempotencyKey, i.idempotencyKey)
	if err := in.Check(); err != nil {
		return in, i.inWords(err)
	}
	return in, nil
}

// consistent refuses flags that cannot go together.
func (i *inputFlags) consistent(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 1:
		return usagef("%s: want METHOD URL, got METHOD only", named(cmd))
	case len(args) == 0 && i.file == "":
		return usagef("%s: want METHOD URL, such as POST /jobs --service jobs, or --file F", named(cmd))
	case i.file == "-" && i.data == "@-":
		return usagef("%s: --file and --data both read standard input", named(cmd))
	case i.pollInterval < 0:
		return usagef("--poll-interval: is %s, want 0s or more", i.pollInterval)
	case i.timeout < 0:
		return usagef("--timeout: is %s, want 0s or more", i.timeout)
	}
	return nil
}

// readInput reads a file. JSON is taken byte by byte, so that every digit stays.
func (a *app) readInput(name string, in *perdure.OperationInput) error {
	content, err := a.readFile(name, maxInputFile)
	if err != nil {
		return err
	}
	if name == "-" {
		name = "standard input"
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !json.Valid(content) && !strings.EqualFold(filepath.Ext(name), ".json") {
		if content, err = jsonOfYAML(content); err != nil {
			return inFile(name, err)
		}
	}
	return inFile(name, perdure.Decode(content, in))
}

// inFile says which file an input error is about.
func inFile(name string, err error) error {
	bad, ok := errors.AsType[*perdure.InputError](err)
	if !ok {
		return err
	}
	return &inputError{where: name, InputError: bad}
}

// inputError is an input error with the file or the flag that it comes from.
type inputError struct {
	*perdure.InputError
	where string
}

// Error begins with where the field is, and names it as the input's JSON does.
func (e *inputError) Error() string {
	if e.Field == "" {
		return e.where + ": " + e.Message
	}
	return e.where + ": " + e.Field + ": " + e.Message
}

func (e *inputError) Unwrap() error { return e.InputError }

// flagOf is the flag that sets a field.
var flagOf = map[string]string{
	"request.method": "METHOD", "request.url": "URL", "request.service": "--service", "request.headers": "--header",
	"request.body": "--data", "protocol": "--protocol", "polling.intervalSeconds": "--poll-interval",
	"timeoutSeconds": "--timeout", "type": "--type", "audience": "--audience", "idempotencyKey": "--idempotency-key",
}

// inWords names the file, or the flag where there is no file.
func (i *inputFlags) inWords(err error) error {
	if i.file != "" {
		return inFile(fileWords(i.file), err)
	}
	bad, ok := errors.AsType[*perdure.InputError](err)
	if !ok {
		return err
	}
	for field := bad.Field; field != ""; field = field[:max(0, strings.LastIndexByte(field, '.'))] {
		if flag, ok := flagOf[field]; ok {
			return &inputError{where: flag, InputError: bad}
		}
	}
	return err
}

func fileWords(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

func override(field *string, flag string) {
	if flag != "" {
		*field = flag
	}
}

// startOptions carry the workflow id. One is chosen here where nobody did, so that it
// can be told before the service has answered.
func (i *inputFlags) startOptions(in perdure.OperationInput) *starter.StartOptions {
	if i.id == "" && in.Request != nil {
		return &starter.StartOptions{ID: newID()}
	}
	return &starter.StartOptions{ID: i.id}
}

func newHeader(text string) (name, value string, err error) {
	name, value, ok := strings.Cut(text, ":")
	if !ok || strings.TrimSpace(name) == "" {
		return "", "", errors.New("--header: want 'Name: value'") // a value may be a secret
	}
	return http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value), nil
}

// parseHeaders reads --header flags.
func parseHeaders(flags []string) (http.Header, error) {
	headers := http.Header{}
	for _, text := range flags {
		name, value, err := newHeader(text)
		if err != nil {
			return nil, asUsage(err)
		}
		headers[name] = append(headers[name], value)
	}
	if err := perdure.CheckHeaders("request.headers", headers); err != nil {
		if bad, ok := errors.AsType[*perdure.InputError](err); ok {
			return nil, &inputError{where: "--header", InputError: bad}
		}
		return nil, fmt.Errorf("--header: %w", err)
	}
	return headers, nil
}
