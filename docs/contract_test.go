package docs_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/cli"
	"github.com/perdure-dev/perdure/starter"
)

// started and failure are documents of the command line, whose package keeps their
// types to itself; its own tests hold what is printed to the same keys.
type (
	started struct {
		WorkflowID string         `json:"workflowId"`
		RunID      string         `json:"runId"`
		Token      string         `json:"token"`
		Status     perdure.Status `json:"status"`
	}
	failure struct {
		Error struct {
			Type       string          `json:"type"`
			Message    string          `json:"message"`
			WorkflowID string          `json:"workflowId,omitempty"`
			Status     *perdure.Status `json:"status,omitempty"`
		} `json:"error"`
	}
	pagesFailure struct {
		Error struct {
			Type       string                    `json:"type"`
			Message    string                    `json:"message"`
			WorkflowID string                    `json:"workflowId,omitempty"`
			Status     *perdure.CollectionStatus `json:"status,omitempty"`
		} `json:"error"`
		NextPageToken string `json:"nextPageToken,omitempty"`
	}
	streamFailure struct {
		Error struct {
			Type       string                `json:"type"`
			Message    string                `json:"message"`
			WorkflowID string                `json:"workflowId,omitempty"`
			Status     *perdure.StreamStatus `json:"status,omitempty"`
		} `json:"error"`
		Next *int `json:"next,omitempty"`
	}
)

// shown says of which type each example of the page is.
var shown = map[string]any{
	"input":            perdure.OperationInput{},
	"input-full":       perdure.OperationInput{},
	"input-token":      perdure.OperationInput{},
	"set-polling":      perdure.Polling{},
	"response":         perdure.Response{},
	"status-running":   perdure.Status{},
	"status-canceled":  perdure.Status{},
	"status-failed":    perdure.Status{},
	"status-ambiguous": perdure.Status{},
	"heartbeat":        perdure.Heartbeat{},
	"update-status":    perdure.UpdateStatusRequest{},
	"cancel":           perdure.CancelSignal{},
	"result":           perdure.OperationResult{},
	"result-bytes":     perdure.OperationResult{},
	"error":            perdure.ServiceError{},
	"started":          started{},
	"summary":          starter.Summary{},
	"failure":          failure{},
	"usage":            failure{},
	"resolve":          perdure.Resolve{},
	"input-report":     perdure.OperationInput{},
	"report":           perdure.Report{},
	"input-adopt":      perdure.OperationInput{},

	"collection":        perdure.CollectionInput{},
	"collection-token":  perdure.CollectionInput{},
	"collection-status": perdure.CollectionStatus{},
	"collection-result": perdure.CollectionResult{},
	"page":              perdure.Page{},
	"page-request":      perdure.PageRequest{},
	"pages-request":     perdure.PagesRequest{},
	"wait":              perdure.WaitRequest{},
	"pages-failure":     pagesFailure{},

	"stream":         perdure.StreamInput{},
	"stream-token":   perdure.StreamInput{},
	"stream-status":  perdure.StreamStatus{},
	"stream-result":  perdure.StreamResult{},
	"event":          perdure.Event{},
	"events":         perdure.Events{},
	"read":           perdure.ReadRequest{},
	"wait-event":     perdure.WaitEventRequest{},
	"stream-stopped": streamFailure{},
	"follow":         perdure.FollowInput{},
	"followed":       perdure.Followed{},
	"rehydrate":      perdure.RehydrateInput{},
	"rehydrated":     perdure.Rehydrated{},
	"token-refusal":  perdure.TokenRefusal{},
}

// wire are the structs of the contract. Each has a table on the page.
var wire = []any{
	perdure.OperationInput{},
	perdure.Request{},
	perdure.Response{},
	perdure.RequestLine{},
	perdure.Body{},
	perdure.ServiceError{},
	perdure.Status{},
	perdure.CancelStatus{},
	perdure.TimedError{},
	perdure.Polling{},
	perdure.CancelSettings{},
	perdure.ProtocolChoice{},
	perdure.Adoption{},
	perdure.OperationResult{},
	perdure.UpdateStatusRequest{},
	perdure.CancelSignal{},
	perdure.Resolve{},
	perdure.CollectionInput{},
	perdure.Page{},
	perdure.PageRequest{},
	perdure.PagesRequest{},
	perdure.Pages{},
	perdure.WaitRequest{},
	perdure.CollectionStatus{},
	perdure.Segment{},
	perdure.CollectionResult{},
	perdure.StreamInput{},
	perdure.Event{},
	perdure.Events{},
	perdure.StreamStatus{},
	perdure.StreamSegment{},
	perdure.StreamResult{},
	perdure.ReadRequest{},
	perdure.WaitEventRequest{},
	perdure.ReportSettings{},
	perdure.Report{},
	perdure.FollowInput{},
	perdure.Followed{},
	perdure.RehydrateInput{},
	perdure.Rehydrated{},
	perdure.TokenRefusal{},
}

func page(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("contract.md")
	require.NoError(t, err)
	return string(raw)
}

var (
	fence   = regexp.MustCompile("(?ms)^```json\n(.*?)^```$")
	example = regexp.MustCompile("(?ms)^<!-- contract/([a-z-]+)\\.json -->\n```json\n(.*?)^```$")
)

func TestExamplesAreTheFiles(t *testing.T) {
	t.Parallel()
	text := page(t)
	found := map[string]string{}
	for _, match := range example.FindAllStringSubmatch(text, -1) {
		require.NotContains(t, found, match[1], "shown twice")
		found[match[1]] = match[2]
	}
	require.Len(t, fence.FindAllString(text, -1), len(found), "every block of JSON has a marker")
	files, err := filepath.Glob("testdata/contract/*.json")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		names = append(names, name)
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(raw), found[name], file)
	}
	slices.Sort(names)
	require.Equal(t, slices.Sorted(maps.Keys(found)), names)
	require.Equal(t, slices.Sorted(maps.Keys(shown)), names)
}

func TestExamplesAreTheTypes(t *testing.T) {
	t.Parallel()
	for name, zero := range shown {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join("testdata", "contract", name+".json"))
			require.NoError(t, err)
			into := reflect.New(reflect.TypeOf(zero))
			require.NoError(t, perdure.Decode(raw, into.Interface()))
			again, err := json.Marshal(into.Interface())
			require.NoError(t, err)
			require.Equal(t, value(t, raw), value(t, again))
			if in, ok := reflect.TypeAssert[interface{ Check() error }](into); ok {
				require.NoError(t, in.Check())
			}
		})
	}
}

// value reads JSON with every digit of its numbers.
func value(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

func TestTablesHaveTheFields(t *testing.T) {
	t.Parallel()
	tables := map[string][]string{}
	row := regexp.MustCompile("(?m)^\\| `([A-Za-z0-9]+)` \\|")
	for _, match := range regexp.MustCompile(`(?m)^<!-- fields/([A-Za-z]+) -->\n((?:\|.*\n)+)`).FindAllStringSubmatch(page(t), -1) {
		require.NotContains(t, tables, match[1], "two tables")
		for _, field := range row.FindAllStringSubmatch(match[2], -1) {
			tables[match[1]] = append(tables[match[1]], field[1])
		}
	}
	for _, v := range wire {
		name := reflect.TypeOf(v).Name()
		require.Equal(t, fields(v), tables[name], "the table of %s, in the order of the struct", name)
		delete(tables, name)
	}
	require.Empty(t, tables, "tables of no struct")
}

// fields are the JSON names of a struct, in its order.
func fields(v any) []string {
	var out []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

// named are the prefixes of the constants that the page has to name.
var named = []string{"Error", "Query", "Signal", "Update", "SearchAttribute", "Memo", "Workflow", "Activity", "State"}

func TestPageNamesTheConstants(t *testing.T) {
	t.Parallel()
	text := page(t)
	seen := map[string]int{}
	for name, value := range constants(t, "..") {
		i := slices.IndexFunc(named, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if i < 0 {
			continue
		}
		seen[named[i]]++
		require.Contains(t, text, "`"+value+"`", "%s is not named", name)
	}
	require.Equal(t, slices.Sorted(slices.Values(named)), slices.Sorted(maps.Keys(seen)))
}

// constants are the exported string constants of the package in a folder.
func constants(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	out := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declared := range parsed.Decls {
			group, ok := declared.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				if values, ok := spec.(*ast.ValueSpec); ok {
					addConstants(t, out, values)
				}
			}
		}
	}
	return out
}

func addConstants(t *testing.T, out map[string]string, spec *ast.ValueSpec) {
	t.Helper()
	for i, value := range spec.Values {
		literal, ok := value.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING || !spec.Names[i].IsExported() {
			continue
		}
		text, err := strconv.Unquote(literal.Value)
		require.NoError(t, err)
		out[spec.Names[i].Name] = text
	}
}

func TestPageHasTheCommands(t *testing.T) {
	t.Parallel()
	out := perdureCommand(t, 0, "__complete", "")
	var want []string
	for line := range strings.Lines(out) {
		if name, _, ok := strings.Cut(line, "\t"); ok {
			want = append(want, name)
		}
	}
	var got []string
	for _, match := range regexp.MustCompile("(?m)^\\| `perdure ([a-z-]+)").FindAllStringSubmatch(page(t), -1) {
		got = append(got, match[1])
	}
	require.Equal(t, slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got)))
}

func TestUsageExampleIsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/contract/usage.json")
	require.NoError(t, err)
	require.Equal(t, value(t, raw), value(t, []byte(perdureCommand(t, 2, "run", "--output", "json"))))
}

// perdureCommand runs the command line and gives its standard output.
func perdureCommand(t *testing.T, exit int, args ...string) string {
	t.Helper()
	var out, log bytes.Buffer
	got := cli.Main(t.Context(), cli.Process{Args: args, Stdin: &bytes.Buffer{}, Stdout: &out, Stderr: &log})
	require.Equal(t, exit, got, "%s%s", &out, &log)
	return out.String()
}
