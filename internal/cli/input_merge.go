package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
)

// maxDataFile is more than any request body that fits into a workflow's input.
const maxDataFile = 16 << 20

// requestFlags make what inputs of operations, collections and streams have in common.
type requestFlags struct {
	service         string
	data            string
	headers         []string
	protocol        string
	protocolOptions string
	kind            string
	audience        string
}

// flags adds them. Protocols says which there are, or which is the default.
func (r *requestFlags) flags(cmd *cobra.Command, protocols string) {
	f := cmd.Flags()
	f.StringVar(&r.service, "service", "", "`name` of the service in the worker's configuration")
	f.StringVarP(&r.data, "data", "d", "", "request body: `JSON`, @FILE with JSON, or @- for standard input")
	f.StringArrayVarP(&r.headers, "header", "H", nil, "request header, `'Name: value'`; can be repeated")
	f.StringVar(&r.protocol, "protocol", "", "`name` of the protocol that the service speaks ("+protocols+")")
	f.StringVar(&r.protocolOptions, "protocol-options", "", "the protocol's options, a `JSON` object")
	f.StringVar(&r.kind, "type", "", "your `name` for the method: bound into the token, and demanded again")
	f.StringVar(&r.audience, "audience", "", "for `whom`, a tenant or a user: bound into the token, and demanded again")
}

// draft is what they make it of: what a file has said, if there is one.
type draft struct {
	request  *perdure.Request
	token    string
	service  string
	kind     string
	audience string
	protocol *perdure.ProtocolChoice
	// instead is what the input has in the place of a request; "": nothing.
	instead string
}

// serviceName is the service that was named with the request, or beside it.
func (d *draft) serviceName() string {
	if d.request != nil && d.request.Service != "" {
		return d.request.Service
	}
	return d.service
}

// apply puts arguments and flags over d.
func (r *requestFlags) apply(a *app, args []string, d *draft) error {
	for _, step := range []func(*draft) error{
		func(d *draft) error { return applyTarget(d, args) },
		r.applyService,
		func(d *draft) error { return r.applyBody(a, d) },
		r.applyHeaders,
		r.applyProtocol,
	} {
		if err := step(d); err != nil {
			return err
		}
	}
	override(&d.kind, r.kind)
	override(&d.audience, r.audience)
	return nil
}

func override(field *string, flag string) {
	if flag != "" {
		*field = flag
	}
}

// applyTarget sets METHOD and URL.
func applyTarget(d *draft, args []string) error {
	const methodAndURL = 2
	if len(args) < methodAndURL {
		return nil
	}
	if d.request == nil {
		if d.instead != "" {
			return usagef("METHOD URL is set beside %s, want one of them", d.instead)
		}
		d.request = &perdure.Request{}
	}
	d.request.Method, d.request.URL = strings.ToUpper(args[0]), args[1]
	return nil
}

// applyService sets it where a file may have named it: with the request, or beside.
func (r *requestFlags) applyService(d *draft) error {
	switch {
	case r.service == "":
	case d.request == nil:
		d.service = r.service
	default:
		d.request.Service = r.service
		d.service = ""
	}
	return nil
}

func (r *requestFlags) applyBody(a *app, d *draft) error {
	if r.data == "" {
		return nil
	}
	if d.request == nil {
		return usagef("--data: there is no request that it could be the body of")
	}
	raw := []byte(r.data)
	if name, ok := strings.CutPrefix(r.data, "@"); ok {
		content, err := a.readFile(name, maxDataFile)
		if err != nil {
			return err
		}
		raw = content
	}
	if !json.Valid(raw) {
		return usagef("--data: is not JSON; a body of another kind goes into --file as request.body.text or request.body.base64")
	}
	d.request.Body = perdure.JSONBody(raw)
	return nil
}

// applyHeaders replaces a header of the file as a whole.
func (r *requestFlags) applyHeaders(d *draft) error {
	if len(r.headers) == 0 {
		return nil
	}
	if d.request == nil {
		return usagef("--header: there is no request that it could go with")
	}
	headers, err := parseHeaders(r.headers)
	if err != nil {
		return err
	}
	if d.request.Headers == nil {
		d.request.Headers = map[string][]string{}
	}
	for name, values := range headers {
		for before := range d.request.Headers {
			if strings.EqualFold(before, name) {
				delete(d.request.Headers, before)
			}
		}
		d.request.Headers[name] = values
	}
	return nil
}

// applyProtocol sets name and options. Another name leaves the file's options behind:
// they are another protocol's.
func (r *requestFlags) applyProtocol(d *draft) error {
	if r.protocol != "" && (d.protocol == nil || d.protocol.Name != r.protocol) {
		d.protocol = &perdure.ProtocolChoice{Name: r.protocol}
	}
	if r.protocolOptions == "" {
		return nil
	}
	if d.protocol == nil { // the service's
		d.protocol = &perdure.ProtocolChoice{}
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(r.protocolOptions), &object) != nil || object == nil {
		return usagef("--protocol-options: is not a JSON object")
	}
	d.protocol.Options = json.RawMessage(r.protocolOptions)
	return nil
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
