package tokens

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LoadKeyset reads a keyset from a file, as [ReadKeyset] does. The error names
// the path, and wraps what the operating system said. A file that others may
// read is accepted, because mounted secrets often are so; [Create] makes files
// that only their owner reads.
func LoadKeyset(path string) (*Keyset, error) {
	f, err := os.Open(path) //nolint:gosec // the path is the operator's to choose
	if err != nil {
		return nil, fmt.Errorf("tokens: keyset: %w", err) // names the path
	}
	defer func() { _ = f.Close() }() // it was only read
	k, err := decodeKeyset(f)
	if err != nil {
		return nil, fmt.Errorf("tokens: keyset %s: %w", path, err)
	}
	return k, nil
}

// Create makes a new keyset and the file at path with it, of mode 0600 from its
// first moment, and returns when it is on disk. A file that is there is left
// alone, and the error wraps [fs.ErrExist]. After another error there is no file.
func Create(path string) (*Keyset, error) {
	k, err := NewKeyset()
	if err != nil {
		return nil, err
	}
	if err := create(path, k); err != nil {
		return nil, fmt.Errorf("tokens: create keyset: %w", err)
	}
	return k, nil
}

func create(path string, k *Keyset) error {
	f, err := createExclusive(path)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f, k), syncDir(filepath.Dir(path))); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// RotateFile adds a fresh key to the keyset in the file at path, which seals
// from then on, and returns the keyset. The file is replaced as a whole: after a
// crash or an error it has the old keyset or the new one, on disk. Mode, owner
// and group stay; a symbolic link stays and its target is replaced. While it
// works there is a file path+".new" (beside the link's target); when that is
// there already, the error wraps [fs.ErrExist]: another rotation is under way, or
// one was interrupted and its remains want removing.
//
// Workers that have loaded the old file refuse what the new key seals, with
// [ErrKeyRetired], until they load the new one.
func RotateFile(path string) (*Keyset, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("tokens: rotate keyset: %w", err)
	}
	next := target + ".new"
	f, err := createExclusive(next)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("tokens: rotate keyset: another rotation is under way, or one was interrupted and left a file to remove: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("tokens: rotate keyset: %w", err)
	}
	k, err := fillRotated(f, target)
	if err != nil {
		return nil, errors.Join(err, os.Remove(next))
	}
	if err := os.Rename(next, target); err != nil {
		return nil, errors.Join(fmt.Errorf("tokens: rotate keyset: %w", err), os.Remove(next))
	}
	if err := syncDir(filepath.Dir(target)); err != nil {
		return nil, fmt.Errorf("tokens: keyset %s has been rotated, but it may not outlive a power failure: %w", path, err)
	}
	return k, nil
}

// fillRotated writes into f, which it closes, the keyset at path with one key more.
func fillRotated(f *os.File, path string) (*Keyset, error) {
	k, err := rotatedFrom(path)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := keepAccess(f, path); err != nil {
		return nil, errors.Join(fmt.Errorf("tokens: rotate keyset: mode and owner: %w", err), f.Close())
	}
	if err := fill(f, k); err != nil {
		return nil, fmt.Errorf("tokens: rotate keyset: %w", err)
	}
	return k, nil
}

func rotatedFrom(path string) (*Keyset, error) {
	k, err := LoadKeyset(path)
	if err != nil {
		return nil, err
	}
	_, err = k.Rotate()
	return k, err
}

// keepAccess gives f the owner, group and mode of the file at path.
func keepAccess(f *os.File, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := keepOwner(f, info); err != nil {
		return err
	}
	return f.Chmod(info.Mode().Perm())
}

func createExclusive(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the path is the caller's to choose
}

// fill writes k into f, on disk, and closes f.
func fill(f *os.File, k *Keyset) error {
	if err := k.Write(f); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}
