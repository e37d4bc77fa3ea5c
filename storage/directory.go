package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.temporal.io/sdk/converter"
)

// Directory is a store for one machine, or for several that mount the same directory. The
// directory is made if it is not there, readable by its owner only.
func Directory(path string) (converter.StorageDriver, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return New(directory(path))
}

type directory string

// Put returns when the object is on disk. It is there whole or not at all.
func (d directory) Put(_ context.Context, key string, data []byte) error {
	name := d.file(key)
	folder := filepath.Dir(name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(folder)
}

// Get reads the object.
func (d directory) Get(_ context.Context, key string) ([]byte, error) {
	return os.ReadFile(d.file(key))
}

// String is the directory's URL.
func (d directory) String() string { return "file://" + filepath.ToSlash(string(d)) }

// file is named by the key's digest: a key holds a workflow id, which may be longer than a
// file's name.
func (d directory) file(key string) string {
	digest := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(digest[:])
	return filepath.Join(string(d), name[:2], name)
}

// syncFolder makes names in a folder durable, where the system can do that.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // a folder of the store
	if err != nil {
		return err
	}
	_ = folder.Sync() // not on every system
	return folder.Close()
}
