package worker

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"slices"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// CheckEnvironment tells what the configuration names and this environment does
// not have: secrets, which are named by variable or file, and the keyset. Its error
// joins one *KeyError for each. It assumes that [Config.Check] found nothing.
func (c *Config) CheckEnvironment() error {
	problems := c.missingSecrets()
	if c.Tokens.KeysetFile != "" {
		if _, err := c.keyset(); err != nil {
			problems = append(problems, c.source.problem("tokens.keysetFile", err.Error()))
		}
	}
	return joined(problems)
}

// keyset loads the token keys.
func (c *Config) keyset() (*tokens.Keyset, error) {
	path := c.source.path(c.Tokens.KeysetFile)
	keys, err := tokens.LoadKeyset(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &missingKeysetError{path: path, cause: err}
	}
	return keys, err
}

// missingKeysetError says how to make a keyset.
type missingKeysetError struct {
	path  string
	cause error
}

func (e *missingKeysetError) Error() string {
	return e.cause.Error() + "; make one with: perdure keys new " + e.path
}

func (e *missingKeysetError) Unwrap() error { return e.cause }

// missingSecrets lists the services that have no credential to send.
func (c *Config) missingSecrets() []*KeyError {
	var out []*KeyError
	for _, name := range slices.Sorted(maps.Keys(c.Services)) {
		credential := c.credential(name, c.Services[name].Auth)
		if credential == nil {
			continue
		}
		// Applied to a request that is sent nowhere.
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://service.invalid", nil)
		if err != nil {
			continue
		}
		if missing, ok := errors.AsType[*perdure.CredentialError](credential.Apply(r.Context(), r)); ok {
			out = append(out, c.source.problem("services."+name+".auth", missing.Source+" "+missing.Message))
		}
	}
	return out
}
