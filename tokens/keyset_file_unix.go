//go:build unix

package tokens

import (
	"errors"
	"os"
	"syscall"
)

// keepOwner gives f the owner and group that info tells, where they differ.
func keepOwner(f *os.File, info os.FileInfo) error {
	was, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	made, err := f.Stat()
	if err != nil {
		return err
	}
	if is, ok := made.Sys().(*syscall.Stat_t); ok && is.Uid == was.Uid && is.Gid == was.Gid {
		return nil
	}
	return f.Chown(int(was.Uid), int(was.Gid))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path) //nolint:gosec // the path is the caller's to choose
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
