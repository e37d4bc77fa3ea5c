package cli

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/storage/s3"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/worker"
)

// settings are what the configuration file and the flags over it say to a client.
type settings struct {
	config     *worker.Config // nil without a file
	configFile string
	taskQueue  string // "": the default
	keysetFile string // "": none
	lifetime   time.Duration
}

// configFile is the configuration's path; "" for none.
func (a *app) configFile() string { return cmp.Or(a.global.config, a.getenv("PERDURE_CONFIG")) }

func (a *app) settings() (*settings, error) {
	s := &settings{configFile: a.configFile(), taskQueue: a.global.taskQueue, keysetFile: a.global.keyset}
	if s.configFile == "" {
		return s, nil
	}
	cfg, err := worker.Load(s.configFile)
	if err != nil {
		return nil, err
	}
	s.config = cfg
	s.taskQueue = cmp.Or(s.taskQueue, cfg.TaskQueue)
	if s.keysetFile == "" && cfg.Tokens.KeysetFile != "" {
		s.keysetFile = beside(s.configFile, cfg.Tokens.KeysetFile)
	}
	s.lifetime = worker.DefaultTokenLifetime
	if cfg.Tokens.LifetimeSeconds > 0 {
		s.lifetime = time.Duration(cfg.Tokens.LifetimeSeconds * float64(time.Second))
	}
	return s, nil
}

// payloads is how the workers have payloads written.
func (s *settings) payloads(ctx context.Context) (*payloads.Payloads, error) {
	if s.config == nil {
		return payloads.New(payloads.Options{}), nil
	}
	return s.config.Payloads(ctx, s3.Open)
}

// beside is a path of the configuration: relative to its file's folder.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// keyset verifies tokens.
func (s *settings) keyset() (*tokens.Keyset, error) {
	if s.keysetFile == "" {
		return nil, &typedError{kind: typeNoKeyset, message: "a token cannot be verified without the workers' keyset: " +
			"set --keyset FILE, or --config FILE (or PERDURE_CONFIG) with tokens.keysetFile"}
	}
	return tokens.LoadKeyset(s.keysetFile)
}

// keysetIfAny is the keyset that verifies tokens before anything is asked; nil where there
// is none here, and a worker verifies what is taken up.
func (s *settings) keysetIfAny() (*tokens.Keyset, error) {
	if s.keysetFile == "" {
		return nil, nil //nolint:nilnil // none is none
	}
	return s.keyset()
}

// absolute makes a path that was given to the process independent of the folder that
// others resolve it against.
func absolute(path string) (string, error) {
	if path == "" || filepath.IsAbs(path) {
		return path, nil
	}
	folder, err := os.Getwd()
	return filepath.Join(folder, path), err
}
