package cli_test

import (
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/perdure-dev/perdure/internal/cli/clitest"
	"github.com/perdure-dev/perdure/tokens"
)

func TestMain(m *testing.M) { testscript.Main(m, clitest.Commands()) }

// The scripts need no Temporal server.
func TestScripts(t *testing.T) {
	t.Parallel()
	commands := clitest.Cmds()
	commands["seal"] = seal
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", Cmds: commands, Setup: clitest.Setup("TEMPORAL_ADDRESS=127.0.0.1:1"),
		RequireExplicitExec: true, RequireUniqueNames: true,
	})
}

// seal KEYSET FILE KIND WORKFLOWID [TYPE] writes a token.
func seal(ts *testscript.TestScript, _ bool, args []string) {
	keys, err := tokens.LoadKeyset(ts.MkAbs(args[0]))
	ts.Check(err)
	header := tokens.Header{Kind: tokens.Kind(args[2]), WorkflowID: args[3], IssuedAt: time.Now()}
	if len(args) > 4 {
		header.Type = args[4]
	}
	token, err := keys.Seal(header, []byte("state"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(token.Text()+"\n"), 0o600))
}
