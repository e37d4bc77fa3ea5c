package auth

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/perdure-dev/perdure"
)

// Secret is a secret's source: an environment variable or a file, which is read
// again when it changes.
type Secret struct {
	Env  string
	File string
}

// Source names the source.
func (s Secret) Source() string {
	if s.File != "" {
		return "file " + s.File
	}
	return "environment variable " + s.Env
}

// Check reads the secret of a service, and gives it to nobody. The error is a
// *perdure.CredentialError.
func (s Secret) Check(service string) error {
	_, err := (&source{service: service, secret: s}).read()
	return err
}

// source reads a secret, a file again whenever its time or size has changed.
type source struct {
	service string
	secret  Secret

	mu    sync.Mutex
	value string
	stamp fileStamp
	had   bool // the file has held a secret
}

type fileStamp struct {
	mtime int64
	size  int64
}

func (s *source) read() (string, error) {
	if s.secret.File == "" {
		return s.checked(os.Getenv(s.secret.Env))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, err := s.readFile()
	if err != nil && s.had { // it may be in the middle of being written: the request is tried again
		return "", fmt.Errorf("%s holds no secret any more", s.secret.Source())
	}
	s.had = err == nil
	return value, err
}

func (s *source) readFile() (string, error) {
	info, err := os.Stat(s.secret.File)
	if err != nil {
		return "", s.failed("cannot be read")
	}
	stamp := fileStamp{info.ModTime().UnixNano(), info.Size()}
	if s.value == "" || stamp != s.stamp {
		content, err := os.ReadFile(s.secret.File)
		if err != nil {
			return "", s.failed("cannot be read")
		}
		s.value, s.stamp = strings.TrimSpace(string(content)), stamp
	}
	return s.checked(s.value)
}

// reread reads the secret anew, whatever the file's time and size.
func (s *source) reread() (string, error) {
	s.mu.Lock()
	s.value = ""
	s.mu.Unlock()
	return s.read()
}

func (s *source) checked(value string) (string, error) {
	switch {
	case value == "":
		return "", s.failed("is empty or not set")
	case hasControl(value):
		return "", s.failed("has a control character")
	}
	return value, nil
}

func (s *source) failed(message string) error {
	return &perdure.CredentialError{Service: s.service, Source: s.secret.Source(), Message: message}
}

func hasControl(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f })
}
