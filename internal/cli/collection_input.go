package cli

import (
	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
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
	sourceFlags
	maxPages int
}

func (c *collectionFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&c.file, "file", "f", "", "collection input as JSON or YAML (- is standard input)")
	f.StringVar(&c.tokenFile, "token-file", "", "`file` with a page's token (- is standard input)")
	c.requestFlags.flags(cmd, "default auto")
}

// isIDOnly: nothing but a workflow id is given.
func (c *collectionFlags) isIDOnly(args []string) bool {
	return c.maxPages == 0 && c.sourceFlags.isIDOnly(args)
}

// read makes the input, and checks it.
func (c *collectionFlags) read(a *app, cmd *cobra.Command, args []string) (perdure.CollectionInput, error) {
	var in perdure.CollectionInput
	if err := c.consistent(cmd, args, "GET /items --service jobs"); err != nil {
		return in, err
	}
	if c.file != "" {
		if err := a.readInput(c.file, &in); err != nil {
			return in, err
		}
	}
	d := draft{request: in.Request, token: in.Token, service: in.Service, kind: in.Type, audience: in.Audience, protocol: in.Protocol}
	if err := c.fill(a, cmd, args, &d); err != nil {
		return in, err
	}
	in.Request, in.Token, in.Service, in.Type, in.Audience, in.Protocol = d.request, d.token, d.service, d.kind, d.audience, d.protocol
	if cmd.Flags().Changed("max-pages") {
		in.MaxPages = c.maxPages
	}
	if err := in.Check(); err != nil {
		return in, inWords(c.file, err)
	}
	return in, nil
}
