package cli

import (
	"encoding/json"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
)

// maxDataFile is more than any request body that fits into a workflow's input.
const maxDataFile = 16 << 20

func newID() string { return "perdure-" + uuid.NewString() }

// applyTarget sets METHOD and URL.
func applyTarget(in *perdure.OperationInput, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if in.Request == nil {
		if in.Token != "" || in.Adopt != nil {
			return usagef("METHOD URL is set beside the file's token or adopt, want one of them")
		}
		in.Request = &perdure.Request{}
	}
	in.Request.Method, in.Request.URL = strings.ToUpper(args[0]), args[1]
	return nil
}

// applyService sets it where a file may have named it: with the request, or beside.
func (i *inputFlags) applyService(in *perdure.OperationInput) error {
	switch {
	case i.service == "":
	case in.Request == nil:
		in.Service = i.service
	default:
		in.Request.Service = i.service
		in.Service = ""
	}
	return nil
}

func (i *inputFlags) applyBody(a *app, in *perdure.OperationInput) error {
	if i.data == "" {
		return nil
	}
	if in.Request == nil {
		return usagef("--data: there is no request that it could be the body of")
	}
	raw := []byte(i.data)
	if name, ok := strings.CutPrefix(i.data, "@"); ok {
		content, err := a.readFile(name, maxDataFile)
		if err != nil {
			return err
		}
		raw = content
	}
	if !json.Valid(raw) {
		return usagef("--data: is not JSON; a body of another kind goes into --file as request.body.text or request.body.base64")
	}
	in.Request.Body = perdure.JSONBody(raw)
	return nil
}

// applyHeaders replaces a header of the file as a whole.
func (i *inputFlags) applyHeaders(in *perdure.OperationInput) error {
	if len(i.headers) == 0 {
		return nil
	}
	if in.Request == nil {
		return usagef("--header: there is no request that it could go with")
	}
	headers, err := parseHeaders(i.headers)
	if err != nil {
		return err
	}
	if in.Request.Headers == nil {
		in.Request.Headers = map[string][]string{}
	}
	for name, values := range headers {
		for before := range in.Request.Headers {
			if strings.EqualFold(before, name) {
				delete(in.Request.Headers, before)
			}
		}
		in.Request.Headers[name] = values
	}
	return nil
}

// applyProtocol sets name and options. Another name leaves the file's options behind:
// they are another protocol's.
func (i *inputFlags) applyProtocol(in *perdure.OperationInput) error {
	if i.protocol != "" && (in.Protocol == nil || in.Protocol.Name != i.protocol) {
		in.Protocol = &perdure.ProtocolChoice{Name: i.protocol}
	}
	if i.protocolOptions == "" {
		return nil
	}
	if in.Protocol == nil {
		return usagef("--protocol-options: needs --protocol, whose options they are")
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(i.protocolOptions), &object) != nil || object == nil {
		return usagef("--protocol-options: is not a JSON object")
	}
	in.Protocol.Options = json.RawMessage(i.protocolOptions)
	return nil
}

// applyTimes sets what was given; --timeout 0 takes the file's bound away.
func (i *inputFlags) applyTimes(cmd *cobra.Command, in *perdure.OperationInput) error {
	if cmd.Flags().Changed("poll-interval") {
		if in.Polling == nil {
			in.Polling = &perdure.Polling{}
		}
		in.Polling.IntervalSeconds = i.pollInterval.Seconds()
	}
	if cmd.Flags().Changed("timeout") {
		in.TimeoutSeconds = i.timeout.Seconds()
	}
	return nil
}
