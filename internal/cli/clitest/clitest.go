// Package clitest runs scripts of command lines against the real binary: the test
// binary is installed as "perdure", so that there is nothing to build.
//
//	func TestMain(m *testing.M) { testscript.Main(m, clitest.Commands()) }
//
//	func TestScripts(t *testing.T) {
//		testscript.Run(t, testscript.Params{
//			Dir: "testdata/script", Cmds: clitest.Cmds(), Setup: clitest.Setup("TEMPORAL_ADDRESS=" + address),
//		})
//	}
//
// May import: internal/cli, testscript, the standard library.
package clitest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/perdure-dev/perdure/internal/cli"
)

// Commands are what [testscript.Main] installs.
func Commands() map[string]func() {
	return map[string]func(){"perdure": func() { os.Exit(cli.Run()) }}
}

// Setup gives every script an environment in which nothing of the machine's own
// Temporal settings is seen, with env ("NAME=value") over it.
func Setup(env ...string) func(*testscript.Env) error {
	return func(e *testscript.Env) error {
		e.Setenv("TEMPORAL_CONFIG_FILE", e.WorkDir+"/no-such-temporal.toml")
		for _, pair := range env {
			name, value, _ := strings.Cut(pair, "=")
			e.Setenv(name, value)
		}
		return nil
	}
}

// Cmds are commands for scripts.
//
//	exits STATUS COMMAND [ARG...]   runs the command and demands its exit status
//	jsonlines N                     demands that the last stdout is N lines, each one JSON document
//	saveline VAR                    puts the last stdout, trimmed, into an environment variable
//	savejson VAR KEY                puts a string of the last stdout's JSON object into a variable
func Cmds() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits": exits, "jsonlines": jsonLines, "saveline": saveLine, "savejson": saveJSON,
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func jsonLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: jsonlines N")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var lines []string
	if out := ts.ReadFile("stdout"); out != "" {
		lines = strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			ts.Fatalf("not one JSON document: %s", line)
		}
	}
	if len(lines) != want {
		ts.Fatalf("%d lines on stdout, want %d", len(lines), want)
	}
}

func saveLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: saveline VAR")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func saveJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: savejson VAR KEY")
	}
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &object))
	text, ok := object[args[1]].(string)
	if !ok {
		ts.Fatalf("%s is no string in %s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], text)
}
