package cli

import (
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

const collectionUse = "[METHOD URL|TOKEN]"

const collectionHelp = `

The request is METHOD and URL, or all of a collection's input as JSON or YAML in --file;
flags go over what the file says. A URL that begins with / is put after the service's
baseURL and needs --service. A page's token takes the place of the request, and --type and
--audience are what it must have. Arguments show up in process lists: give a token by
--token-file F, or by - on standard input.`

// collectionFlags make the input of a collection, or of one page.
type collectionFlags struct {
	requestFlags
	file      string
	from      string
	tokenFile string
	id        string
	maxPages  int
}

func (c *collectionFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&c.file, "file", "f", "", "collection input as JSON or YAML (- is standard input)")
	f.StringVar(&c.tokenFile, "token-file", "", "`file` with a page's token (- is standard input)")
	c.requestFlags.flags(cmd, "auto")
}

// isIDOnly: nothing but a workflow id is given.
func (c *collectionFlags) isIDOnly(args []string) bool {
	return c.id != "" && len(args) == 0 && reflect.DeepEqual(*c, collectionFlags{id: c.id})
}

// read makes the input, and checks it.
func (c *collectionFlags) read(a *app, cmd *cobra.Command, args []string) (perdure.CollectionInput, error) {
	var in perdure.CollectionInput
	if err := c.consistent(cmd, args); err != nil {
		return in, err
	}
	if c.file != "" {
		if err := a.readInput(c.file, &in); err != nil {
			return in, err
		}
	}
	d := draft{request: in.Request, service: in.Service, kind: in.Type, audience: in.Audience, protocol: in.Protocol}
	token, err := c.token(a, cmd, args)
	if err != nil {
		return in, err
	}
	if !token.IsZero() {
		// It has its own request and protocol: the file's were for the first page.
		d.service, d.request, d.protocol = in.ServiceName(), nil, nil
		in.Token = token.Text()
	}
	if in.Token != "" {
		d.instead = "a token"
	}
	if err := c.apply(a, args, &d); err != nil {
		return in, err
	}
	in.Request, in.Service, in.Type, in.Audience, in.Protocol = d.request, d.service, d.kind, d.audience, d.protocol
	if cmd.Flags().Changed("max-pages") {
		in.MaxPages = c.maxPages
	}
	if err := in.Check(); err != nil {
		return in, inWords(c.file, err)
	}
	return in, nil
}

// consistent refuses arguments and flags that cannot go together.
func (c *collectionFlags) consistent(cmd *cobra.Command, args []string) error {
	text, file := c.tokenSource(args)
	switch {
	case len(args) == 1 && args[0] != "-" && !strings.HasPrefix(args[0], tokenPrefix):
		return usagef("%s: want METHOD URL or a token, got one argument that is neither", named(cmd))
	case len(args) == 0 && c.file == "" && text == "" && file == "":
		return usagef("%s: want METHOD URL, such as GET /items --service jobs, or a token, or --file F", named(cmd))
	case several(len(args) == 1, c.from != "", c.tokenFile != ""):
		return usagef("%s: a token is given in more than one way", named(cmd))
	case several(c.file == "-", file == "-", c.data == "@-"):
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
func (c *collectionFlags) tokenSource(args []string) (text, file string) {
	text = c.from
	if len(args) == 1 {
		text = args[0]
	}
	if text == "-" {
		return "", "-"
	}
	return text, c.tokenFile
}

// token is the one that the command line gives; none where it gives none.
func (c *collectionFlags) token(a *app, cmd *cobra.Command, args []string) (tokens.Token, error) {
	text, file := c.tokenSource(args)
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
