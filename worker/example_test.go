package worker_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/storage/s3"
	"github.com/perdure-dev/perdure/worker"
)

// A worker of one's own.
func ExampleNew() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := worker.Load("perdure.yaml")
	if err != nil {
		log.Panic(err)
	}
	var bucket worker.BucketOpener = s3.Open // nil where the store is a directory, or there is none
	p, err := cfg.Payloads(ctx, bucket)
	if err != nil {
		log.Panic(err)
	}
	temporal, err := client.DialContext(ctx, p.ClientOptions(client.Options{}))
	if err != nil {
		log.Panic(err)
	}
	defer temporal.Close()
	w, err := worker.New(temporal, cfg, worker.Options{Payloads: p})
	if err != nil {
		log.Panic(err)
	}
	if err := w.Run(ctx); err != nil {
		log.Panic(err)
	}
}

// A configuration without a file.
func ExampleConfig() {
	cfg := &worker.Config{
		Tokens:     worker.Tokens{KeysetFile: "keyset.json"},
		Encryption: &worker.Encryption{KeysetFile: "payload-keyset.json"},
		Storage:    &worker.Storage{URL: "s3://orders/payloads"},
		Worker:     worker.Process{Listen: ":9090", Watch: worker.Watch{ThresholdSeconds: 10}, Deployment: &worker.Deployment{Name: "perdure", BuildID: "1.4.0"}},
		Services: map[string]worker.Service{
			"jobs": {
				BaseURL:     "https://jobs.example.com/v1",
				Allow:       []string{"POST /jobs", "GET /jobs/*"},
				Auth:        &worker.Auth{Type: "bearer", Env: "JOBS_TOKEN"},
				Idempotency: &worker.Idempotency{Header: "Idempotency-Key"},
				Limits:      worker.Limits{RequestsPerSecond: 20, Concurrency: 10},
				TLS:         &worker.TLS{CAFile: "jobs-ca.pem"},
			},
			"stores": {
				BaseURL:  "https://stores.example.com",
				Protocol: &perdure.ProtocolChoice{Name: "openai"},
				Lookup: &worker.Lookup{
					Request: worker.LookupRequest{URL: "/stores?key={key}"}, Found: "stores[0].id", Body: "metadata.key",
				},
			},
		},
	}
	fmt.Println(cfg.Check())
	// Output:
	// <nil>
}

// All that is wrong with a file, with its lines.
func ExampleExamine() {
	folder, err := os.MkdirTemp("", "worker")
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "perdure.yaml")
	content := "tokens: {keysetFile: keyset.json}\nservices:\n  jobs:\n    baseURL: jobs.example.com\n    limit: {concurrency: 5}\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		log.Panic(err)
	}
	problems, err := worker.Examine(file, &worker.ExamineOptions{SkipEnvironment: true})
	if err != nil {
		log.Panic(err)
	}
	for _, problem := range problems {
		fmt.Println(problem.Line, problem.Key, problem.Message)
	}
	// Output:
	// 4 services.jobs.baseURL want an absolute http or https URL
	// 5 services.jobs.limit unknown key, did you mean "limits"?
}
