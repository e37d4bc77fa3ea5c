package sse

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/perdure-dev/perdure"
)

// lines splits a body at CR, LF and CRLF. A line that ends with CR has ended there: it is
// not known yet whether an LF comes that belongs to it.
type lines struct {
	r      *bufio.Reader
	err    error // of the body, for when all before it is read
	skipLF bool
}

// newLines drops one byte order mark.
func newLines(body io.Reader) *lines {
	l := &lines{r: bufio.NewReader(body)}
	mark := []byte("\xef\xbb\xbf")
	for n := range mark {
		begin, err := l.r.Peek(n + 1)
		if l.err = err; err != nil || begin[n] != mark[n] {
			return l
		}
	}
	_, _ = l.r.Discard(len(mark))
	return l
}

// next is what has come of the current line, valid until the next call, and whether the
// line ends with it.
func (l *lines) next() (part []byte, ends bool, err error) {
	for {
		if l.r.Buffered() == 0 {
			if l.err == nil {
				_, l.err = l.r.Peek(1)
			}
			if l.r.Buffered() == 0 {
				return nil, false, l.err
			}
		}
		part, _ = l.r.Peek(l.r.Buffered())
		if l.skipLF {
			l.skipLF = false
			if part[0] == '\n' {
				_, _ = l.r.Discard(1)
				continue
			}
		}
		break
	}
	n := len(part)
	if i := bytes.IndexByte(part, '\n'); i >= 0 {
		part, n, ends = part[:i], i+1, true
	}
	if i := bytes.IndexByte(part, '\r'); i >= 0 {
		part, n, ends = part[:i], i+1, true
		l.skipLF = true
	}
	_, _ = l.r.Discard(n)
	return part, ends, nil
}

// maxFieldBytes bounds a field that is no data: ids go into headers.
const maxFieldBytes = perdure.MaxURLBytes

// field collects one line. Of comments, and of fields that nobody knows, nothing is kept.
type field struct {
	name  []byte // up to the colon
	value []byte
	kind  kind
	// into gets the value in place of value.
	into  *data
	began bool // the line has a byte
	space bool // the value has begun: the space after the colon is gone, if there was one
}

type kind int

const (
	unnamed kind = iota // the colon has not come
	ignored
	isData
	isEvent
	isID
	isRetry
)

// longestName is "event" or "retry".
const longestName = 5

func kindOf(name []byte) kind {
	switch string(name) {
	case "data":
		return isData
	case "event":
		return isEvent
	case "id":
		return isID
	case "retry":
		return isRetry
	}
	return ignored
}

// begin forgets the line before.
func (f *field) begin(into *data) {
	*f = field{name: f.name[:0], value: f.value[:0], into: into}
}

// write takes a part of the line.
func (f *field) write(part []byte) error {
	if len(part) == 0 {
		return nil
	}
	f.began = true
	if f.kind == unnamed {
		i := bytes.IndexByte(part, ':')
		name := part
		if i >= 0 {
			name = part[:i]
		}
		if len(f.name)+len(name) > longestName {
			f.kind = ignored
			return nil
		}
		f.name = append(f.name, name...)
		if i < 0 {
			return nil
		}
		if err := f.named(); err != nil {
			return err
		}
		part = part[i+1:]
	}
	return f.append(part)
}

func (f *field) named() error {
	f.kind = kindOf(f.name)
	if f.kind == isData {
		return f.into.beginLine()
	}
	return nil
}

func (f *field) append(part []byte) error {
	if f.kind == ignored || len(part) == 0 {
		return nil
	}
	if !f.space {
		f.space = true
		part = bytes.TrimPrefix(part, []byte(" "))
	}
	if f.kind == isData {
		return f.into.append(part)
	}
	if len(f.value)+len(part) > maxFieldBytes {
		return &perdure.SizeError{Limit: maxFieldBytes, Message: fmt.Sprintf("the field %s of an event", f.name)}
	}
	f.value = append(f.value, part...)
	return nil
}

// end is called at the line's end: a line without a colon is a name.
func (f *field) end() error {
	if f.kind == unnamed && f.began {
		return f.named()
	}
	return nil
}

// data are the lines of one event's data, joined.
type data struct {
	limit int64
	text  []byte
	any   bool // there is a line, perhaps an empty one
}

func (d *data) beginLine() error {
	if d.any {
		return d.append([]byte("\n"))
	}
	d.any = true
	return nil
}

func (d *data) append(part []byte) error {
	if int64(len(d.text))+int64(len(part)) > d.limit {
		return errTooLarge
	}
	d.text = append(d.text, part...)
	return nil
}

// reset gives back the memory of an event that was large.
func (d *data) reset() {
	d.any = false
	if d.text = d.text[:0]; cap(d.text) > keptBytes {
		d.text = nil
	}
}

const keptBytes = 64 << 10
