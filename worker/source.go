package worker

import (
	"path/filepath"
	"strings"
)

// source is where a configuration was read from.
type source struct {
	file  string
	lines map[string]int // of each key that has a value
}

// line is the line of a key, or of the nearest key above it; 0: unknown.
func (s source) line(key string) int {
	for key != "" {
		if line, ok := s.lines[key]; ok {
			return line
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return 0
}

// given reports whether the file has a value for the key.
func (s source) given(key string) bool {
	_, ok := s.lines[key]
	return ok
}

func (s source) problem(key, message string) *KeyError {
	return &KeyError{File: s.file, Line: s.line(key), Key: key, Message: message}
}

// path makes a path of the configuration one of the process.
func (s source) path(p string) string {
	if p == "" || filepath.IsAbs(p) || s.file == "" {
		return p
	}
	return filepath.Join(filepath.Dir(s.file), p)
}
