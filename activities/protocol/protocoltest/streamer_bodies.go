package protocoltest

import (
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing/iotest"
)

// errBroken is the error of a connection that broke.
var errBroken = errors.New("the connection broke")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

// endless is one x after another.
type endless struct{}

var xs = []byte(strings.Repeat("x", 32<<10))

func (endless) Read(p []byte) (int, error) { return copy(p, xs), nil }

// countedBody counts what is read.
type countedBody struct {
	io.Reader
	read int
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

// chunked are the ways in which the same bytes can come.
func chunked(body string, end error) map[string]io.Reader {
	whole := func() io.Reader {
		return io.MultiReader(strings.NewReader(body), iotest.ErrReader(end))
	}
	return map[string]io.Reader{
		"a byte at a time":            iotest.OneByteReader(whole()),
		"by halves":                   iotest.HalfReader(whole()),
		"the end with the last bytes": iotest.DataErrReader(whole()),
		"at random":                   &randomReader{whole(), rand.New(rand.NewPCG(1, 1))}, //nolint:gosec // the same each time
		"at random, in another way":   &randomReader{whole(), rand.New(rand.NewPCG(2, 2))}, //nolint:gosec // the same each time
	}
}

// randomReader reads from 0 to 16 bytes at a time.
type randomReader struct {
	r    io.Reader
	rand *rand.Rand
}

func (r *randomReader) Read(p []byte) (int, error) {
	return r.r.Read(p[:min(len(p), r.rand.IntN(17))])
}
