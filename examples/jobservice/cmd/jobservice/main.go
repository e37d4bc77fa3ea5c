// Command jobservice runs the sample service of the package jobservice.
//
//	$ jobservice --seconds 20 --books books.jsonl
//	Listening on http://127.0.0.1:40123
//
// It stops on SIGINT and SIGTERM, after the answers that are on their way. With
// --books it goes on, when it is started again, where it was, also after a kill.
//
// This command may import the package jobservice and the standard library.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

const (
	exitError = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	settings, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}
	if err := serve(ctx, settings, stdout); err != nil {
		fmt.Fprintln(stderr, "jobservice:", err)
		return exitError
	}
	return 0
}

// settings are what the command line says.
type settings struct {
	listen    string
	output    string
	tokenEnv  string
	apiKeyEnv string
	service   jobservice.Options
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	var seconds, cancelSeconds float64
	var items int
	flags := flag.NewFlagSet("jobservice", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "`address` to listen on; port 0 is any free one")
	flags.StringVar(&s.output, "output", "text", "how the address is printed: text or json")
	flags.Float64Var(&seconds, "seconds", 5, "how long an operation takes whose request does not say")
	flags.IntVar(&s.service.Steps, "steps", 0, "how many polls end an operation, instead of --seconds; 0: time does")
	flags.Float64Var(&cancelSeconds, "cancel-seconds", 1, "how long an operation takes to be canceled")
	flags.DurationVar(&s.service.PollAfter, "poll-after", 0, "how long answers ask the client to wait before it polls; 0: they do not say")
	flags.StringVar(&s.service.BooksFile, "books", "", "`file` to keep the books in, and to go on from")
	flags.StringVar(&s.tokenEnv, "token-env", "", "environment variable that holds the bearer token to demand")
	flags.StringVar(&s.apiKeyEnv, "api-key-env", "", "environment variable that holds the API key to demand")
	flags.StringVar(&s.service.APIKeyHeader, "api-key-header", "X-Api-Key", "header that the API key comes in")
	flags.IntVar(&items, "items", 1000, "how many items the paged lists hold")
	flags.IntVar(&s.service.Items.PerPage, "per-page", 100, "how many items a page has whose request does not say")
	flags.IntVar(&s.service.Items.Padding, "item-padding", 0, "bytes of text that each item has beside its name")
	flags.IntVar(&s.service.Items.EmptyEvery, "empty-every", 0, "makes every so manieth page an empty one")
	flags.IntVar(&s.service.Items.KeepTokens, "keep-page-tokens", 0, "how many page tokens are taken, the newest; 0: all")
	flags.BoolVar(&s.service.Items.RelativeLinks, "relative-links", false, "links to next pages begin with their path")
	flags.BoolVar(&s.service.NoIdempotency, "no-idempotency", false, "every POST starts an operation of its own")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	s.service.Duration = orNone(seconds)
	s.service.CancelDuration = orNone(cancelSeconds)
	s.service.Items.Count = cmp.Or(items, -1)
	if err := s.validate(flags.Args(), seconds, cancelSeconds, items); err != nil {
		fmt.Fprintln(stderr, "jobservice:", err)
		return settings{}, err
	}
	return s, nil
}

// orNone gives an option's duration, in which zero is the default and below it
// is none.
func orNone(seconds float64) time.Duration {
	if seconds == 0 {
		return -1
	}
	return time.Duration(seconds * float64(time.Second))
}

func (s *settings) validate(args []string, seconds, cancelSeconds float64, items int) error {
	switch {
	case len(args) > 0:
		return fmt.Errorf("unexpected argument %q", args[0])
	case s.output != "text" && s.output != "json":
		return errors.New("--output: text or json")
	case seconds < 0 || cancelSeconds < 0:
		return errors.New("--seconds and --cancel-seconds must not be negative")
	case items < 0 || s.service.Items.PerPage < 1:
		return errors.New("--items must not be negative, and --per-page at least 1")
	}
	var err error
	if s.service.BearerToken, err = secret("--token-env", s.tokenEnv); err != nil {
		return err
	}
	s.service.APIKey, err = secret("--api-key-env", s.apiKeyEnv)
	return err
}

func secret(option, variable string) (string, error) {
	if variable == "" {
		return "", nil
	}
	value := os.Getenv(variable)
	if value == "" {
		return "", fmt.Errorf("%s: the environment variable %s is empty", option, variable)
	}
	return value, nil
}

func serve(ctx context.Context, s settings, stdout io.Writer) (err error) {
	service, err := jobservice.New(s.service)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: service, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err := announce(stdout, s.output, "http://"+listener.Addr().String()); err != nil {
		return errors.Join(err, server.Close())
	}

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return shutDown(context.WithoutCancel(ctx), server, service)
	}
}

func announce(stdout io.Writer, output, url string) error {
	if output == "json" {
		return json.NewEncoder(stdout).Encode(map[string]string{"url": url})
	}
	_, err := fmt.Fprintln(stdout, "Listening on", url)
	return err
}

// shutDown lets the answers go that are on their way, those that faults hold
// included.
func shutDown(ctx context.Context, server *http.Server, service *jobservice.Service) error {
	const grace = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	service.ClearFaults()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
