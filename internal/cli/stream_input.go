package cli

import (
	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
)

const streamHelp = `

The request is METHOD and URL, or all of a stream's input as JSON or YAML in --file; flags
go over what the file says. A URL that begins with / is put after the service's baseURL and
needs --service. A stream's token takes the stream up again: it is verified with the keyset,
and where its workflow is gone one with the same id goes on; --type and --audience are what
the token must have. Arguments show up in process lists: give a token by --token-file F, or
by - on standard input.`

// streamFlags make the input of a stream.
type streamFlags struct{ sourceFlags }

func (s *streamFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&s.file, "file", "f", "", "stream input as JSON or YAML (- is standard input)")
	f.StringVar(&s.tokenFile, "token-file", "", "`file` with a stream's token (- is standard input)")
	s.requestFlags.flags(cmd, "sse, openai or jsonl")
	f.StringVar(&s.id, "id", "", "workflow `id`: the same id is the same stream (default a new one)")
}

// givesToken: the command line has a token, which names its own workflow.
func (s *streamFlags) givesToken(args []string) bool {
	text, file := s.tokenSource(args)
	return text != "" || file != ""
}

// read makes the input, and checks it.
func (s *streamFlags) read(a *app, cmd *cobra.Command, args []string) (perdure.StreamInput, error) {
	var in perdure.StreamInput
	if err := s.consistent(cmd, args, "GET /events --service jobs --protocol sse"); err != nil {
		return in, err
	}
	if s.id != "" && s.givesToken(args) {
		return in, usagef("%s: --id is set beside a token, which names its own workflow", named(cmd))
	}
	if s.file != "" {
		if err := a.readInput(s.file, &in); err != nil {
			return in, err
		}
	}
	d := draft{request: in.Request, token: in.Token, service: in.Service, kind: in.Type, audience: in.Audience, protocol: in.Protocol}
	if err := s.fill(a, cmd, args, &d); err != nil {
		return in, err
	}
	in.Request, in.Token, in.Service, in.Type, in.Audience, in.Protocol = d.request, d.token, d.service, d.kind, d.audience, d.protocol
	if err := in.Check(); err != nil {
		return in, inWords(s.file, err)
	}
	return in, nil
}
