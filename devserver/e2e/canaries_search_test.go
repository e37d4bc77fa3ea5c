package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// canary is a text that nothing else holds, in pieces: a part of a secret is one too much.
type canary struct {
	name   string
	text   string
	pieces []string
}

// newCanary gives the same one for the same name. It is spelled differently in a URL.
func newCanary(name string) canary {
	sum := sha256.Sum256([]byte(name))
	letters := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))
	pieces := []string{letters[:12], letters[12:24]}
	return canary{name: name, text: strings.Join(pieces, "+/"), pieces: pieces}
}

// plain is the canary without what a name may not have.
func (c canary) plain() string { return strings.Join(c.pieces, "-") }

// place is somewhere that secrets could get to, with all that is there.
type place struct {
	text   bytes.Buffer
	layers [][2][]byte // what it holds, and what is in base64 in it, and so on; each in lower case too
}

// places are where canaries are searched for.
type places struct {
	mu     sync.Mutex
	byName map[string]*place
	// decrypt is there where payloads are encrypted.
	decrypt converter.DataConverter
}

func (p *places) add(name string, texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.byName[name]
	if at == nil {
		at = &place{}
		p.byName[name] = at
	}
	at.layers = nil
	for _, text := range texts {
		at.text.WriteString(text)
		at.text.WriteByte('\n')
	}
}

// decrypted is beside the name of a place where its payloads were made readable.
const decrypted = ", decrypted"

// addMessage adds what Temporal's API says: its bytes, and its JSON, payloads in base64.
func (p *places) addMessage(t *testing.T, name string, m proto.Message) {
	t.Helper()
	raw, err := proto.Marshal(m)
	require.NoError(t, err)
	text, err := protojson.Marshal(m)
	require.NoError(t, err)
	p.add(name, string(raw), string(text))
	if p.decrypt == nil {
		return
	}
	opened := proto.Clone(m)
	require.NoError(t, proxy.VisitPayloads(t.Context(), opened, proxy.VisitPayloadsOptions{SkipSearchAttributes: true, Visitor: p.open}))
	raw, err = proto.Marshal(opened)
	require.NoError(t, err)
	p.add(name+decrypted, string(raw))
}

func (p *places) open(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	var out []*commonpb.Payload
	for _, payload := range payloads {
		var raw converter.RawValue
		if err := p.decrypt.FromPayload(payload, &raw); err != nil {
			return nil, err
		}
		out = append(out, raw.Payload())
	}
	return out, nil
}

func (p *places) names() []string { return slices.Sorted(maps.Keys(p.byName)) }

// holds reports whether a piece of the canary is in a place, in any spelling.
func (p *places) holds(name string, c canary) bool {
	at := p.byName[name]
	if at == nil {
		return false
	}
	if at.layers == nil {
		at.layers = layersOf(at.text.Bytes())
	}
	return slices.ContainsFunc(c.pieces, func(piece string) bool {
		return slices.ContainsFunc(at.layers, func(layer [2][]byte) bool {
			return containsAny(layer[0], inBase64(piece)) || containsAny(layer[1], inAnyCase(piece))
		})
	})
}

func containsAny(text []byte, spellings []string) bool {
	return slices.ContainsFunc(spellings, func(s string) bool { return bytes.Contains(text, []byte(s)) })
}

// inAnyCase are the spellings in which upper and lower case mean the same.
func inAnyCase(piece string) []string {
	piece = strings.ToLower(piece)
	digits := hex.EncodeToString([]byte(piece))
	var percent strings.Builder
	for i := 0; i < len(digits); i += 2 {
		percent.WriteString("%" + digits[i:i+2])
	}
	return []string{piece, digits, percent.String()}
}

// inBase64 are the spellings in base64 and base64url, at any offset within what was
// encoded.
func inBase64(piece string) []string {
	var out []string
	for offset := range 3 {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			whole := encoding.EncodeToString(append(make([]byte, offset), piece...))
			out = append(out, whole[(offset*8+5)/6:(offset+len(piece))*8/6])
		}
	}
	return out
}

var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}`)

// layersOf is a text, what is in base64 in it, what is in base64 in that, and once more.
func layersOf(text []byte) [][2][]byte {
	layers := [][2][]byte{{text, bytes.ToLower(text)}}
	for range 3 {
		var inner bytes.Buffer
		for _, run := range base64Run.FindAll(layers[len(layers)-1][0], -1) {
			encoding := base64.RawStdEncoding
			if bytes.ContainsAny(run, "-_") {
				encoding = base64.RawURLEncoding
			}
			decoded, _ := encoding.DecodeString(string(run)) // as far as it goes
			inner.Write(decoded)
			inner.WriteByte('\n')
		}
		layers = append(layers, [2][]byte{inner.Bytes(), bytes.ToLower(inner.Bytes())})
	}
	return layers
}

// A search that overlooks a spelling finds nothing, and is worth as much.
func TestTheSearchForCanariesFindsThem(t *testing.T) {
	t.Parallel()
	c := newCanary("a canary")
	for name, text := range map[string]string{
		"as it is":                  "x" + c.text + "y",
		"its first half":            "x" + c.pieces[0],
		"its second half":           c.pieces[1] + "y",
		"upper case":                strings.ToUpper(c.text),
		"base64":                    base64.StdEncoding.EncodeToString([]byte(c.text)),
		"base64, after a byte":      base64.StdEncoding.EncodeToString([]byte("x" + c.text)),
		"base64, after two bytes":   base64.StdEncoding.EncodeToString([]byte("xy" + c.text)),
		"base64url":                 "token_" + base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe"+c.text)),
		"base64 in base64":          base64.StdEncoding.EncodeToString([]byte(`{"body":"` + base64.StdEncoding.EncodeToString([]byte("?"+c.text)) + `"}`)),
		"hex":                       hex.EncodeToString([]byte(c.text)),
		"hex, upper case":           strings.ToUpper(hex.EncodeToString([]byte(c.text))),
		"hex in base64":             base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString([]byte(c.text)))),
		"in a URL":                  "?sig=" + c.pieces[0] + "%2B%2F" + c.pieces[1],
		"in a URL, each byte":       "?sig=" + inAnyCase(c.text)[2],
		"in a URL, each, uppercase": "?sig=" + strings.ToUpper(inAnyCase(c.text)[2]),
	} {
		p := &places{byName: map[string]*place{}}
		p.add("here", "before", text, "after")
		require.True(t, p.holds("here", c), name)
		require.False(t, p.holds("here", newCanary("another")), name)
		require.False(t, p.holds("elsewhere", c), name)
	}
}
