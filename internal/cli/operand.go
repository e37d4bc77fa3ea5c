package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

const (
	tokenPrefix  = "perdure1_"
	maxTokenFile = 64 << 10
	operandUse   = "ID|TOKEN"
	operandWords = "a workflow id or a token (or - for standard input, or --token-file)"
	operandHelp  = `

The operation is named by its workflow id, or by its continuation token. Arguments
show up in process lists: give a token by --token-file F, or by - on standard input.`
)

// operand names an operation: by its workflow id or by a token.
type operand struct {
	tokenFile string
	want      starter.RehydrateOptions

	id    string
	token tokens.Token
}

func (o *operand) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.tokenFile, "token-file", "", "`file` with the token (- is standard input)")
	f.StringVar(&o.want.Type, "type", "", "type that the token must have")
	f.StringVar(&o.want.Audience, "audience", "", "audience that the token must be for")
}

// read takes the operand from the arguments. What it names is not looked at.
func (o *operand) read(a *app, cmd *cobra.Command, args []string) error {
	text, err := o.text(a, cmd, args)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(text, tokenPrefix) && o.tokenFile == "" {
		if o.want.Type != "" || o.want.Audience != "" {
			return usagef("%s: --type and --audience are for a token, and %q is a workflow id", named(cmd), text)
		}
		o.id = text
		return nil
	}
	o.token, err = tokens.Parse(text)
	return err
}

func (o *operand) text(a *app, cmd *cobra.Command, args []string) (string, error) {
	switch {
	case len(args) == 1 && o.tokenFile != "":
		return "", usagef("%s: --token-file is set beside an argument, want one of them", named(cmd))
	case len(args) == 0 && o.tokenFile == "":
		return "", usagef("%s: want %s", named(cmd), operandWords)
	}
	text, from := "", o.tokenFile
	if from == "" {
		text = args[0]
		if text == "-" {
			from = "-"
		}
	}
	if from != "" {
		content, err := a.readFile(from, maxTokenFile)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(string(content))
	}
	if text == "" {
		return "", usagef("%s: the workflow id, or token, is empty", named(cmd))
	}
	return text, nil
}

// find gives a handle without starting anything. A token is verified, whatever its
// age, and its workflow looked for.
func (a *app) find(ctx context.Context, o *operand) (found, *session, error) {
	s, err := a.settings()
	if err != nil {
		return found{}, nil, err
	}
	id := o.id
	var header tokens.Header
	if !o.token.IsZero() {
		if header, err = verify(s, o); err != nil {
			return found{}, nil, err
		}
		id = header.WorkflowID
	}
	session, err := a.connect(ctx, s, nil)
	if err != nil {
		return found{}, nil, err
	}
	there, err := attach(ctx, session.engine, id)
	if err != nil {
		session.close()
		if !o.token.IsZero() && errors.Is(err, starter.ErrNotFound) {
			err = gone(header, session.namespace)
		}
		return found{}, nil, about(id, err)
	}
	return there, session, nil
}

func verify(s *settings, o *operand) (tokens.Header, error) {
	keyset, err := s.keyset()
	if err != nil {
		return tokens.Header{}, err
	}
	opened, err := keyset.Open(o.token, tokens.Expect{Kind: tokens.KindOperation, Type: o.want.Type, Audience: o.want.Audience})
	if err == nil && opened.Header.WorkflowID == "" {
		err = &typedError{kind: perdure.ErrorInvalidToken, message: "the token names no workflow"}
	}
	return opened.Header, err
}

// gone: the token is good, and its workflow is not here.
func gone(h tokens.Header, namespace string) error {
	message := fmt.Sprintf("the token's workflow %q is not there any more", h.WorkflowID)
	if h.Namespace != "" && h.Namespace != namespace {
		message = fmt.Sprintf("the token's workflow %q is not in namespace %q (it ran in %q)", h.WorkflowID, namespace, h.Namespace)
	}
	return &typedError{kind: typeNotFound, message: message + `; "perdure rehydrate" takes the operation up again`}
}

// take gives a handle on an operation, which a token takes up again where need be.
// With an error that is the operation's there is a handle too.
func (a *app) take(ctx context.Context, o *operand) (operation, *session, error) {
	if o.token.IsZero() {
		return a.findOperation(ctx, o)
	}
	s, err := a.settings()
	if err != nil {
		return nil, nil, err
	}
	keyset, err := s.keysetIfAny()
	if err != nil {
		return nil, nil, err
	}
	if keyset != nil {
		if _, err := verify(s, o); err != nil {
			return nil, nil, err // before anything is asked
		}
	}
	session, err := a.connect(ctx, s, keyset)
	if err != nil {
		return nil, nil, err
	}
	want := o.want
	op, err := session.engine.Rehydrate(ctx, o.token, &want)
	if op == nil {
		session.close()
		return nil, nil, err
	}
	return op, session, err
}

// findOperation is find for an operation only, named by the wait that it is for.
func (a *app) findOperation(ctx context.Context, o *operand) (operation, *session, error) {
	there, session, err := a.find(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	op, err := there.asOperation(forOperations("wait"))
	if err != nil {
		session.close()
		return nil, nil, err
	}
	return op, session, nil
}

// readFile reads a file that the command line names, standard input for "-".
func (a *app) readFile(name string, limit int64) ([]byte, error) {
	if name == "-" {
		return readAll("standard input", a.Stdin, limit)
	}
	f, err := os.Open(name) //nolint:gosec // the path is the caller's to choose
	if err != nil {
		return nil, err // names the path
	}
	defer func() { _ = f.Close() }() // it was only read
	return readAll(name, f, limit)
}

func readAll(name string, r io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s: has more than %d bytes", name, limit)
	}
	return content, nil
}
