// Command webapp serves the web application of the package webapp.
//
//	$ TEMPORAL_ADDRESS=127.0.0.1:7233 webapp --keyset keyset.json
//	Listening on http://127.0.0.1:8080
//
// Give all instances of it the same two files of keys; they share nothing else. It stops
// on SIGINT and SIGTERM, after the answers that are on their way. Streams of events are
// then cut off, and browsers go on with another instance.
//
// This command may import the package webapp, starter, tokens, Tink, and the Temporal
// SDK's client.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/perdure-dev/perdure"
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
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if err := serve(ctx, s, log, stdout); err != nil {
		fmt.Fprintln(stderr, "webapp:", err)
		return exitError
	}
	return 0
}

// settings are what the command line says.
type settings struct {
	listen        string
	output        string
	keyset        string
	sessionKeyset string
	service       string
	chatService   string
	model         string
	taskQueue     string
	https         bool
	keep          time.Duration
	patience      time.Duration
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("webapp", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	flags.StringVar(&s.output, "output", "text", "how the address is printed: text or json")
	flags.StringVar(&s.keyset, "keyset", "", "`file` of the workers' keys for continuation tokens; required")
	flags.StringVar(&s.sessionKeyset, "session-keyset", "", "`file` of the keys for cookies, made with: perdure keys new FILE; default: new keys, and who is signed in is not with another instance")
	flags.StringVar(&s.service, "service", "jobs", "what the workers' configuration calls the service")
	flags.StringVar(&s.chatService, "chat-service", "", "what it calls the service that has chat completions; default: the same service")
	flags.StringVar(&s.model, "model", "gpt-4o-mini", "`name` of the model that answers questions")
	flags.StringVar(&s.taskQueue, "task-queue", perdure.DefaultTaskQueue, "task queue that the workers serve")
	flags.BoolVar(&s.https, "https", false, "browsers come by HTTPS, through a proxy: cookies are for HTTPS only")
	flags.DurationVar(&s.keep, "keep-pages", 30*time.Second, "how long a page is kept in the cache")
	flags.DurationVar(&s.patience, "patience", 8*time.Second, "how long a browser is kept waiting for an answer")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if err := s.validate(flags.Args()); err != nil {
		fmt.Fprintln(stderr, "webapp:", err)
		return settings{}, err
	}
	return s, nil
}

func (s settings) validate(args []string) error {
	switch {
	case len(args) > 0:
		return fmt.Errorf("unexpected argument %q", args[0])
	case s.keyset == "":
		return errors.New("--keyset is required: the file that the workers' configuration names as tokens.keysetFile")
	case s.output != "text" && s.output != "json":
		return errors.New("--output: text or json")
	case s.keep < 0:
		return errors.New("--keep-pages must not be negative")
	case s.patience <= 0 || s.patience > time.Minute:
		return errors.New("--patience: more than nothing, and at most a minute")
	}
	return nil
}

func serve(ctx context.Context, s settings, log *slog.Logger, stdout io.Writer) error {
	handler, closeClient, err := application(s, log)
	if err != nil {
		return err
	}
	defer closeClient()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return err
	}
	server := newServer(handler, s.patience, log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err := announce(stdout, s.output, "http://"+listener.Addr().String()); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return shutDown(context.WithoutCancel(ctx), server, s.patience)
	}
}

// newServer bounds all that a browser could take its time with.
func newServer(handler http.Handler, patience time.Duration, log *slog.Logger) *http.Server {
	const slack = 10 * time.Second
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: slack,
		ReadTimeout:       slack,
		WriteTimeout:      slack + patience + slack,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10, // addresses have tokens
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

func announce(stdout io.Writer, output, url string) error {
	if output == "json" {
		return json.NewEncoder(stdout).Encode(map[string]string{"url": url})
	}
	_, err := fmt.Fprintln(stdout, "Listening on", url)
	return err
}

// shutDown lets the answers go that are on their way.
func shutDown(ctx context.Context, server *http.Server, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience+time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
