package tokens

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// followEvery is how often the file of a keyset is looked at, at most.
const followEvery = time.Second

// file is where a keyset came from.
type file struct {
	path    string
	looked  atomic.Pointer[time.Time]
	reading sync.Mutex
	seen    os.FileInfo // the file as it was last read; nil: it was written here, and not read yet
}

// follow reads the keyset's file again where that is due. A file that cannot be read
// leaves the keys as they are; [Keyset.Reload] tells why.
func (k *Keyset) follow() {
	if k.file == nil {
		return
	}
	looked, now := k.file.looked.Load(), time.Now()
	if now.Sub(*looked) < followEvery || !k.file.looked.CompareAndSwap(looked, &now) {
		return
	}
	_ = k.Reload()
}

// Reload reads the keyset's file again where it has changed; a keyset in memory stays
// as it is. A keyset does so by itself when it is used, at most once a second: call
// Reload for the error. After one the keys are those that were there before.
func (k *Keyset) Reload() error {
	f := k.file
	if f == nil {
		return nil
	}
	f.reading.Lock()
	defer f.reading.Unlock()
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("tokens: keyset: %w", err) // names the path
	}
	if isSame(info, f.seen) {
		return nil
	}
	r, info, err := readRing(f.path)
	if err != nil {
		return err
	}
	f.seen = info
	k.ring.Store(r)
	return nil
}

func isSame(a, b os.FileInfo) bool {
	return b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// following is the keyset of a file that has r. Info may be nil.
func following(path string, r *ring, info os.FileInfo) *Keyset {
	k := inMemory(r)
	now := time.Now()
	k.file = &file{path: path, seen: info}
	k.file.looked.Store(&now)
	return k
}

// readRing reads the keys of a file, and what the file was then.
func readRing(path string) (*ring, os.FileInfo, error) {
	f, err := os.Open(path) //nolint:gosec // the path is the operator's to choose
	if err != nil {
		return nil, nil, fmt.Errorf("tokens: keyset: %w", err) // names the path
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("tokens: keyset: %w", err)
	}
	r, err := decodeRing(f)
	if err != nil {
		return nil, nil, fmt.Errorf("tokens: keyset %s: %w", path, err)
	}
	return r, info, nil
}
