package tokens

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LoadKeyset reads a keyset from a file, as [ReadKeyset] does, and follows it: when the
// file changes, the keyset has the new keys about a second later, at its next use. A file
// that then cannot be read, or is no keyset, leaves the keys as they were; see
// [Keyset.Reload].
//
// The error names the path, and wraps what the operating system said. A file that others
// may read is accepted, because mounted secrets often are so; [Create] makes files that
// only their owner reads.
func LoadKeyset(path string) (*Keyset, error) {
	r, info, err := readRing(path)
	if err != nil {
		return nil, err
	}
	return following(path, r, info), nil
}

// Create makes a new keyset and the file at path with it, of mode 0600 from its
// first moment, and returns when it is on disk. A file that is there is left
// alone, and the error wraps [fs.ErrExist]. After another error there is no file.
func Create(path string) (*Keyset, error) {
	k, err := NewKeyset()
	if err != nil {
		return nil, err
	}
	if err := create(path, k.current()); err != nil {
		return nil, fmt.Errorf("tokens: create keyset: %w", err)
	}
	return following(path, k.current(), nil), nil
}

func create(path string, r *ring) error {
	f, err := createExclusive(path)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f, r), syncDir(filepath.Dir(path))); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// AddKey is the first step of a rotation: it adds a fresh key to the keyset in the file
// at path, which opens and does not seal. Give the file to all who have the keyset, and
// a second or two, before [PromoteKey]: then nobody meets a token of a key that it does
// not have. A file with such a key is left as it is.
//
// The file is replaced as a whole: after a crash or an error it has the old keyset or the
// new one, on disk. Mode, owner and group stay; a symbolic link stays and its target is
// replaced. While it works there is a file path+".new" (beside the link's target); when
// that is there already, the error wraps [fs.ErrExist]: another change is under way, or
// one was interrupted and its remains want removing.
func AddKey(path string) (*Keyset, error) {
	return change(path, (*ring).withPending)
}

// PromoteKey is the second step of a rotation: the key that [AddKey] has added seals from
// now on. The others go on opening. A file without such a key is left as it is. It
// replaces the file as AddKey does.
func PromoteKey(path string) (*Keyset, error) {
	return change(path, (*ring).withPendingPromoted)
}

// RetireKey has a key of the file neither seal nor open any more; what it has sealed is
// refused with [ErrKeyRetired]. A key that is retired already is left as it is; the
// primary key cannot be retired. It replaces the file as [AddKey] does.
func RetireKey(path string, id uint32) (*Keyset, error) {
	return change(path, func(r *ring) (*ring, error) { return r.withRetired(id) })
}

// change replaces the keyset in a file by another, unless that is the same.
func change(path string, next func(*ring) (*ring, error)) (*Keyset, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("tokens: change keyset: %w", err)
	}
	f, err := createExclusive(target + ".new")
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("tokens: change keyset: another change is under way, or one was interrupted and left a file to remove: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("tokens: change keyset: %w", err)
	}
	changed, err := fillChanged(f, target, next)
	if err != nil || !changed {
		err = errors.Join(err, os.Remove(f.Name()))
	} else if renamed := os.Rename(f.Name(), target); renamed != nil {
		err = errors.Join(fmt.Errorf("tokens: change keyset: %w", renamed), os.Remove(f.Name()))
	}
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(target)); err != nil {
		return nil, fmt.Errorf("tokens: keyset %s has been changed, but it may not outlive a power failure: %w", path, err)
	}
	return LoadKeyset(path)
}

// fillChanged writes into f, which it closes, what comes after the keyset at path. It
// writes nothing where that is the same.
func fillChanged(f *os.File, path string, next func(*ring) (*ring, error)) (bool, error) {
	before, info, err := readRing(path)
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	after, err := next(before)
	if err != nil {
		return false, errors.Join(fmt.Errorf("tokens: keyset %s: %w", path, err), f.Close())
	}
	if after == before {
		return false, f.Close()
	}
	if err := keepAccess(f, info); err != nil {
		return false, errors.Join(fmt.Errorf("tokens: change keyset: mode and owner: %w", err), f.Close())
	}
	if err := fill(f, after); err != nil {
		return false, fmt.Errorf("tokens: change keyset: %w", err)
	}
	return true, nil
}

// keepAccess gives f the owner, group and mode that info tells.
func keepAccess(f *os.File, info os.FileInfo) error {
	if err := keepOwner(f, info); err != nil {
		return err
	}
	return f.Chmod(info.Mode().Perm())
}

func createExclusive(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the path is the caller's to choose
}

// fill writes r into f, on disk, and closes f.
func fill(f *os.File, r *ring) error {
	content, err := r.encode()
	if err == nil {
		_, err = f.Write(content)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}
