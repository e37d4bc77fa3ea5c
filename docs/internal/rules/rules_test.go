package rules_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/docs/internal/rules"
)

// tree is a project of some files.
func tree(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range files {
		if strings.HasSuffix(name, ".go") {
			text = "package a_test\n\nimport \"testing\"\n\n" + text
		}
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

const page = `# Protocols
| **AG** | guidelines |
| **OAI SDK** | clients |

<!-- rules: azure -->
| what stood here |
<!-- end of rules -->

More.
`

func TestPages(t *testing.T) {
	got, err := rules.Pages(tree(map[string]string{
		"docs/page.md":      page,
		"docs/other.md":     "nothing to do here\n",
		"a/testdata/a.go":   "//rule:azure 9\n",
		"a/.hidden/a.go":    "//rule:azure 9\n",
		"b/c/later_test.go": "//rule:azure 1\nfunc TestLater(t *testing.T) {}\n",
		"a/a_test.go": `
// The value | is
// at the end.
//
// This is for the reader of the test.
//
//rule:azure 1 AG, section 2; - for the end
//rule:azure 2
func TestValue(t *testing.T) {
	for range []int{
		// A case of its own
		//
		//rule:azure 1a OAI SDK
		1,
	} {
	}
}

// Where it is asked.
//
//rule:azure 2 -
func FuzzValue(f *testing.F) {}

var plain = []string{
	// Within a variable.
	//
	//rule:azure 2a AG-151
	"x",
}

var suite = map[string][]string{"plain": plain}

//rule:azure 1a
var unused = 1

func TestSuite(t *testing.T) { _ = suite }

func TestUnused(t *testing.T) { _ = unused }

func FuzzSuite(f *testing.F) { _ = suite }
`,
	}))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"docs/page.md": `# Protocols
| **AG** | guidelines |
| **OAI SDK** | clients |

<!-- rules: azure -->
| rule | | source | test |
| --- | --- | --- | --- |
| 1 | The value \| is at the end | AG, section 2; - for the end | [TestValue](../a/a_test.go), [TestLater](../b/c/later_test.go) |
| 1a | A case of its own | OAI SDK | [TestValue](../a/a_test.go), [TestUnused](../a/a_test.go) |
| 2 | Where it is asked | - | [FuzzValue](../a/a_test.go), [TestValue](../a/a_test.go) |
| 2a | Within a variable | AG-151 | [TestSuite](../a/a_test.go) |
<!-- end of rules -->

More.
`}, got)
}

func TestPagesRefuses(t *testing.T) {
	const test = "func TestX(t *testing.T) {}\n"
	rule := func(directive string) string { return "// Text.\n//\n//rule:" + directive + "\n" }
	one := rule("azure 1 -") + test
	tests := []struct {
		name, code, page, want string
	}{
		{"no source", rule("azure 1") + test, page, "a/a_test.go:7:1: rule azure 1 has no source, here or elsewhere: its directive is //rule:azure 1 SOURCE"},
		{"no text", "//rule:azure 1 -\n" + test, page, "a/a_test.go:5:1: rule azure 1 says nothing"},
		{"no number", rule("azure") + test, page, `"" is no number of a rule`},
		{"another number", rule("azure 1.2 -") + test, page, `"1.2" is no number of a rule`},
		{"another text", one + "// Other.\n//\n//rule:azure 1 -\nfunc TestY(t *testing.T) {}\n", page, "a/a_test.go:11:1: rule azure 1 is declared otherwise at a/a_test.go:7:1"},
		{"another source", one + rule("azure 1 AG") + "func TestY(t *testing.T) {}\n", page, "is declared otherwise at"},
		{"an unexplained source", rule("azure 1 AGX") + test, page, `docs/page.md: the source "AGX" of rule azure 1 is not explained, want one of -, AG, OAI SDK`},
		{"an unexplained source among others", rule("azure 1 AG; RFC 9110") + test, page, `the source "RFC 9110" of rule azure 1`},
		{"a rule missing", one + rule("azure 3 -") + "func TestY(t *testing.T) {}\n", page, "rule azure 3 follows 1: what is between them is declared by no test"},
		{"the first missing", rule("azure 2 -") + test, page, "rule azure 2 follows 0"},
		{"a part missing", one + rule("azure 1b -") + "func TestY(t *testing.T) {}\n", page, "rule azure 1b follows 1"},
		{"a part of nothing", rule("azure 1a -") + test, page, "rule azure 1a follows 0"},
		{"a helper", rule("azure 1 -") + "func helper(t *testing.T) {}\n", page, "rule azure 1 is declared at no test function"},
		{"a method", rule("azure 1 -") + "func (x) TestX(t *testing.T) {}\n", page, "at no test function"},
		{"a test of something else", rule("azure 1 -") + "func TestX(m *testing.M) {}\n", page, "at no test function"},
		{"a name that go test does not run", rule("azure 1 -") + "func Testing(t *testing.T) {}\n", page, "at no test function"},
		{"two parameters", rule("azure 1 -") + "func TestX(t *testing.T, n int) {}\n", page, "at no test function"},
		{"a comment by itself", rule("azure 1 -") + "\n" + test, page, "at no test function"},
		{"a variable that no test uses", rule("azure 1 -") + "var cases = 1\n" + test, page, "at no test function"},
		{"a constant", rule("azure 1 -") + "const cases = 1\nfunc TestX(t *testing.T) { _ = cases }\n", page, "at no test function"},
		{"no place", one, "# Nothing\n", "no page of docs says <!-- rules: azure -->, where the rules that TestX declares would stand"},
		{"two places", one, page + page, "docs/page.md: the rules of azure stand in two places"},
		{"a place without rules", one, page + "<!-- rules: google -->\n<!-- end of rules -->\n", "docs/page.md: no test declares a rule of google"},
		{"a table without end", one, page + "<!-- rules: google -->\n", "docs/page.md: a table of rules that begins has to end"},
		{"a table that begins within another", one, "<!-- rules: google -->\n" + page, "docs/page.md: a table of rules that begins has to end"},
		{"what is no Go", "//rule:azure 1\nfunc", page, "a/a_test.go:6:5: expected 'IDENT'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := rules.Pages(tree(map[string]string{"docs/page.md": tt.page, "a/a_test.go": tt.code}))
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("a file that is no test", func(t *testing.T) {
		_, err := rules.Pages(tree(map[string]string{"docs/page.md": page, "a/a.go": one}))
		require.ErrorContains(t, err, "a/a.go:7:1: rule azure 1 is declared at no test function")
	})
	t.Run("all that is wrong is told", func(t *testing.T) {
		_, err := rules.Pages(tree(map[string]string{"docs/page.md": page, "a/a_test.go": rule("azure 1") + test + rule("google x -") + "func TestY(t *testing.T) {}\n"}))
		require.ErrorContains(t, err, "rule azure 1 has no source")
		require.ErrorContains(t, err, `"x" is no number`)
	})
}
