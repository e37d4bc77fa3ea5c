package perdure_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/perdure-dev/perdure"

// clouds are libraries of credentials that only who asks for them links.
var clouds = []string{"github.com/Azure", "github.com/AzureAD", "github.com/aws", "golang.org/x/oauth2/google", "cloud.google.com"}

// rooms says which packages of this module, and of the SDK, each room may depend on,
// directly or not. Test files are not counted.
var rooms = []struct {
	room      string
	own       []string // of this module
	forbidden []string // import path prefixes that must not be linked
}{
	{room: "", forbidden: []string{"go.temporal.io", "net/http"}},
	{room: "tokens", own: []string{""}, forbidden: []string{"go.temporal.io"}},
	{room: "workflows", own: []string{"", "workflows/"}, forbidden: []string{"github.com/tink-crypto"}},
	{room: "workflows/operation", own: []string{"", "workflows/internal/"}, forbidden: []string{"github.com/tink-crypto"}},
	{room: "workflows/rehydrate", own: []string{"", "workflows/internal/"}, forbidden: []string{"github.com/tink-crypto"}},
	{room: "workflows/stream", own: []string{"", "workflows/internal/"}, forbidden: []string{"github.com/tink-crypto"}},
	{room: "workflows/collection", own: []string{"", "workflows/internal/"}, forbidden: []string{"github.com/tink-crypto"}},
	{room: "activities", own: []string{"", "tokens", "starter", "payloads", "activities/", "internal/rehydration"}, forbidden: []string{"go.temporal.io/server"}},
	{room: "activities/protocol", own: []string{""}, forbidden: append([]string{"go.temporal.io", "golang.org/x/oauth2"}, clouds...)},
	{room: "activities/protocol/jmes", own: []string{""}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/paging", own: []string{"", "activities/protocol", "activities/protocol/jmes"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/nextlink", own: []string{"", "activities/protocol", "activities/protocol/jmes", "activities/protocol/paging"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/link", own: []string{"", "activities/protocol", "activities/protocol/jmes", "activities/protocol/paging"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/token", own: []string{"", "activities/protocol", "activities/protocol/jmes", "activities/protocol/paging"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/azure", own: []string{"", "activities/protocol", "activities/protocol/jmes"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/google", own: []string{"", "activities/protocol", "activities/protocol/jmes", "activities/protocol/paging"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/waiter", own: []string{"", "activities/protocol", "activities/protocol/jmes"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/streaming", own: []string{"", "activities/protocol", "activities/protocol/jmes"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/sse", own: []string{"", "activities/protocol", "activities/protocol/jmes", "activities/protocol/streaming"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/jsonl", own: []string{"", "activities/protocol", "activities/protocol/jmes", "activities/protocol/streaming"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/openai", own: []string{"", "activities/protocol", "activities/protocol/jmes", "activities/protocol/paging", "activities/protocol/streaming", "activities/protocol/sse"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/protocol/location", own: []string{"", "activities/protocol"}, forbidden: []string{"go.temporal.io"}},
	{room: "activities/auth", own: []string{"", "activities/auth/internal/"}, forbidden: append([]string{"go.temporal.io"}, clouds...)},
	{room: "activities/auth/azure", own: []string{"", "activities/auth", "activities/auth/internal/"}, forbidden: []string{"go.temporal.io", "github.com/aws", "golang.org/x/oauth2/google"}},
	{room: "activities/auth/google", own: []string{"", "activities/auth", "activities/auth/internal/"}, forbidden: []string{"go.temporal.io", "github.com/aws", "github.com/Azure"}},
	{room: "activities/auth/aws", own: []string{"", "activities/auth", "activities/auth/internal/"}, forbidden: []string{"go.temporal.io", "github.com/Azure", "golang.org/x/oauth2/google"}},
	{room: "activities/transport", own: []string{"", "activities/protocol", "activities/auth", "activities/auth/internal/"}, forbidden: append([]string{"go.temporal.io"}, clouds...)},
	{room: "child", own: []string{""}, forbidden: []string{"go.temporal.io/sdk/client", "go.temporal.io/sdk/worker", "github.com/tink-crypto"}},
	{room: "internal/rehydration", own: []string{"", "tokens"}, forbidden: []string{"go.temporal.io/sdk/worker", "go.temporal.io/server"}},
	{room: "payloads", own: []string{"", "tokens"}, forbidden: []string{"go.temporal.io/sdk/worker", "github.com/aws"}},
	{room: "storage", forbidden: []string{"go.temporal.io/sdk/worker", "github.com/aws"}},
	{room: "storage/s3", own: []string{"storage"}, forbidden: []string{"go.temporal.io/sdk/worker"}},
	{room: "internal/codecserver", forbidden: []string{"go.temporal.io"}},
	{room: "internal/attributes", own: []string{""}, forbidden: []string{"go.temporal.io/sdk"}},
	{room: "internal/program", forbidden: []string{"go.temporal.io"}},
	{room: "starter", own: []string{"", "tokens", "payloads", "internal/rehydration"}, forbidden: append([]string{"go.temporal.io/sdk/worker", "golang.org/x/oauth2"}, clouds...)},
	{room: "worker", own: []string{"", "tokens", "starter", "payloads", "storage", "workflows", "workflows/", "activities", "activities/", "internal/attributes", "internal/program", "internal/rehydration"}, forbidden: append([]string{"go.temporal.io/server"}, clouds...)},
	{room: "worker/telemetry", forbidden: append([]string{"go.temporal.io/server"}, clouds...)},
	{room: "cmd/perdure", own: []string{"", "starter", "payloads", "storage", "storage/", "worker", "worker/telemetry", "tokens", "workflows", "workflows/", "activities", "activities/", "cmd/perdure/", "internal/"}, forbidden: []string{"go.temporal.io/server"}},
	{room: "examples/azure", own: []string{"", "tokens", "starter", "payloads", "internal/rehydration"}, forbidden: []string{"go.temporal.io/sdk/worker", "go.temporal.io/server"}},
	{room: "examples/flows", own: []string{"", "child"}, forbidden: []string{"go.temporal.io/sdk/worker", "go.temporal.io/server"}},
	{room: "examples/google", own: []string{"", "tokens", "starter", "payloads", "internal/rehydration"}, forbidden: []string{"go.temporal.io/sdk/worker", "go.temporal.io/server"}},
	{room: "examples/openai", own: []string{"", "tokens", "starter", "payloads", "internal/rehydration"}, forbidden: []string{"go.temporal.io/sdk/worker", "go.temporal.io/server"}},
	{room: "examples/transcript", own: []string{"", "tokens", "starter", "payloads", "internal/rehydration"}, forbidden: []string{"go.temporal.io/sdk/worker", "go.temporal.io/server"}},
	{room: "examples/webapp", own: []string{"", "tokens", "starter", "payloads", "internal/rehydration"}, forbidden: []string{"go.temporal.io/sdk/worker", "go.temporal.io/server"}},
	{room: "perduretest", own: []string{"", "tokens", "starter", "payloads", "internal/rehydration"}, forbidden: []string{"go.temporal.io/sdk/worker", "go.temporal.io/sdk/testsuite"}},
}

func TestRoomsKeepToTheirImports(t *testing.T) {
	t.Parallel()
	for _, r := range rooms {
		t.Run("room "+r.room, func(t *testing.T) {
			t.Parallel()
			self := strings.TrimSuffix(module+"/"+r.room, "/")
			deps := dependencies(t, self)
			require.NotEmpty(t, deps)
			for _, dep := range deps {
				if rest, ours := strings.CutPrefix(dep, module); ours && dep != self {
					require.True(t, mayImport(r.own, strings.TrimPrefix(rest, "/")), "%s depends on %s", self, dep)
				}
				for _, prefix := range r.forbidden {
					require.False(t, dep == prefix || strings.HasPrefix(dep, prefix+"/"), "%s links %s", self, dep)
				}
			}
		})
	}
}

func mayImport(allowed []string, room string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		return a == room || strings.HasSuffix(a, "/") && strings.HasPrefix(room, a)
	})
}

func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pkg).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

// The main module must be light to require.
func TestMainModuleDoesNotRequireTheServer(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "all").Output()
	require.NoError(t, err)
	require.NotContains(t, string(out), "go.temporal.io/server")
}
