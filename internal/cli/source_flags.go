package cli

import (
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/tokens"
)

// sourceFlags say where pages or events come from: a request, a token, or the workflow
// that has an id.
type sourceFlags struct {
	requestFlags
	file      string
	tokenText string
	tokenFile string
	id        string
}

// isIDOnly: nothing but a workflow id is given.
func (s *sourceFlags) isIDOnly(args []string) bool {
	return s.id != "" && len(args) == 0 && reflect.DeepEqual(*s, sourceFlags{id: s.id})
}

// consistent refuses arguments and flags that cannot go together. Example is a METHOD URL.
func (s *sourceFlags) consistent(cmd *cobra.Command, args []string, example string) error {
	text, file := s.tokenSource(args)
	switch {
	case len(args) == 1 && args[0] != "-" && !strings.HasPrefix(args[0], tokenPrefix):
		return usagef("%s: want METHOD URL or a token, got one argument that is neither", named(cmd))
	case len(args) == 0 && s.file == "" && text == "" && file == "":
		return usagef("%s: want METHOD URL, such as %s, or a token, or --file F", named(cmd), example)
	case several(len(args) == 1, s.tokenText != "", s.tokenFile != ""):
		return usagef("%s: a token is given in more than one way", named(cmd))
	case several(s.file == "-", file == "-", s.data == "@-"):
		return usagef("%s: standard input is named more than once", named(cmd))
	}
	return nil
}

// several: more than one of them holds.
func several(conditions ...bool) bool {
	n := 0
	for _, holds := range conditions {
		if holds {
			n++
		}
	}
	return n > 1
}

// tokenSource is where a token is given: as it is, or in a file ("-" is standard
// input); both are "" where there is none.
func (s *sourceFlags) tokenSource(args []string) (text, file string) {
	text = s.tokenText
	if len(args) == 1 {
		text = args[0]
	}
	if text == "-" {
		return "", "-"
	}
	return text, s.tokenFile
}

// token is the one that the command line gives; none where it gives none.
func (s *sourceFlags) token(a *app, cmd *cobra.Command, args []string) (tokens.Token, error) {
	text, file := s.tokenSource(args)
	if text == "" && file == "" {
		return tokens.Token{}, nil
	}
	if file != "" {
		content, err := a.readFile(file, maxTokenFile)
		if err != nil {
			return tokens.Token{}, err
		}
		text = strings.TrimSpace(string(content))
	}
	if text == "" {
		return tokens.Token{}, usagef("%s: the token is empty", named(cmd))
	}
	return tokens.Parse(text)
}

// fill puts token, arguments and flags over what the file says.
func (s *sourceFlags) fill(a *app, cmd *cobra.Command, args []string, d *draft) error {
	token, err := s.token(a, cmd, args)
	if err != nil {
		return err
	}
	if !token.IsZero() {
		// It has its own request and protocol: the file's were for the beginning.
		d.token, d.service, d.request, d.protocol = token.Text(), d.serviceName(), nil, nil
	}
	if d.token != "" {
		d.instead = "a token"
	}
	return s.apply(a, args, d)
}
