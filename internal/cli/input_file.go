package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"

	"github.com/perdure-dev/perdure"
)

const maxInputFile = 16 << 20

// readInput reads a file. JSON is taken byte by byte, so that every digit stays.
func (a *app) readInput(name string, in any) error {
	content, err := a.readFile(name, maxInputFile)
	if err != nil {
		return err
	}
	if name == "-" {
		name = "standard input"
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !json.Valid(content) && !strings.EqualFold(filepath.Ext(name), ".json") {
		if content, err = jsonOfYAML(content); err != nil {
			return inFile(name, err)
		}
	}
	return inFile(name, perdure.Decode(content, in))
}

// inFile says which file an input error is about.
func inFile(name string, err error) error {
	bad, ok := errors.AsType[*perdure.InputError](err)
	if !ok {
		return err
	}
	return &inputError{where: name, InputError: bad}
}

// inputError is an input error with the file or the flag that it comes from.
type inputError struct {
	*perdure.InputError
	where string
}

// Error begins with where the field is, and names it as the input's JSON does.
func (e *inputError) Error() string {
	if e.Field == "" {
		return e.where + ": " + e.Message
	}
	return e.where + ": " + e.Field + ": " + e.Message
}

func (e *inputError) Unwrap() error { return e.InputError }

// flagOf is the flag that sets a field.
var flagOf = map[string]string{
	"request.method": "METHOD", "request.url": "URL", "request.service": "--service", "request.headers": "--header",
	"request.body": "--data", "protocol": "--protocol", "polling.intervalSeconds": "--poll-interval",
	"timeoutSeconds": "--timeout", "type": "--type", "audience": "--audience", "idempotencyKey": "--idempotency-key",
	"maxPages": "--max-pages",
}

// inWords names the file, or the flag where there is no file.
func inWords(file string, err error) error {
	if file != "" {
		return inFile(fileWords(file), err)
	}
	bad, ok := errors.AsType[*perdure.InputError](err)
	if !ok {
		return err
	}
	for field := bad.Field; field != ""; field = field[:max(0, strings.LastIndexByte(field, '.'))] {
		if flag, ok := flagOf[field]; ok {
			return &inputError{where: flag, InputError: bad}
		}
	}
	return err
}

func fileWords(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}
