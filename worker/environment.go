package worker

import (
	"errors"
	"io/fs"

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
	if c.Encryption != nil && c.Encryption.KeysetFile != "" {
		if _, err := loadKeyset(c.source.path(c.Encryption.KeysetFile)); err != nil {
			problems = append(problems, c.source.problem("encryption.keysetFile", err.Error()))
		}
	}
	return joined(problems)
}

// keyset loads the token keys.
func (c *Config) keyset() (*tokens.Keyset, error) {
	return loadKeyset(c.source.path(c.Tokens.KeysetFile))
}

func loadKeyset(path string) (*tokens.Keyset, error) {
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
