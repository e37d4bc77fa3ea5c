package bench_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// deployed is Perdure as it is deployed: Temporal, whose database is a file, and a
// worker are processes of their own, whose memory can be looked at.
type deployed struct {
	service        *jobservice.Service
	server, worker *exec.Cmd
	raw            client.Client
	c              *starter.Client
}

func deploy(b *testing.B, bin string, items jobservice.ItemOptions) *deployed {
	b.Helper()
	d := &deployed{}
	var err error
	d.service, err = jobservice.New(jobservice.Options{Items: items})
	require.NoError(b, err)
	listener := httptest.NewServer(d.service)
	b.Cleanup(func() { listener.Close(); _ = d.service.Close() })
	dir := b.TempDir()
	address := d.serve(b, bin, dir)

	config := filepath.Join(dir, "perdure.yaml")
	require.NoError(b, os.WriteFile(config, []byte(fmt.Sprintf(`tokens: {keysetFile: keyset.json}
services:
  jobs: {baseURL: %q, allowPrivateNetwork: true}
`, listener.URL)), 0o600))
	keyset(b, filepath.Join(dir, "keyset.json"))
	d.worker = command(b, filepath.Join(bin, "perdure"), "worker", "--config", config)
	d.worker.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+address)
	require.NoError(b, d.worker.Start())

	d.raw, err = client.DialContext(b.Context(), client.Options{HostPort: address, Logger: sdklog.NewStructuredLogger(quietLog)})
	require.NoError(b, err)
	b.Cleanup(d.raw.Close)
	d.c, err = starter.New(d.raw, starter.Options{})
	require.NoError(b, err)
	return d
}

// serve starts Temporal, and gives its address.
func (d *deployed) serve(b *testing.B, bin, dir string) string {
	b.Helper()
	d.server = command(b, filepath.Join(bin, "perdure-devserver"), "--headless", "--port", "0", "--output", "json",
		"--db-filename", filepath.Join(dir, "temporal.db"))
	stdout, err := d.server.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, d.server.Start())
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	require.NoError(b, err)
	var said struct {
		Address string `json:"address"`
	}
	require.NoError(b, json.Unmarshal(line, &said))
	return said.Address
}

// command is one that ends with the benchmark.
func command(b *testing.B, path string, args ...string) *exec.Cmd {
	b.Helper()
	cmd := exec.Command(path, args...)
	b.Cleanup(func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

// build makes the commands that are deployed.
func build(b *testing.B) (bin string) {
	b.Helper()
	bin = b.TempDir()
	for _, what := range []struct{ name, module string }{{"perdure", ".."}, {"perdure-devserver", "../devserver"}} {
		cmd := exec.CommandContext(b.Context(), "go", "build", "-o", filepath.Join(bin, what.name), "./cmd/"+what.name)
		cmd.Dir, cmd.Stderr = what.module, os.Stderr
		require.NoError(b, cmd.Run())
	}
	return bin
}

// resident is how many MB of memory a process has.
func resident(b *testing.B, cmd *exec.Cmd) int {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	require.NoError(b, err)
	for line := range strings.Lines(string(text)) {
		if kB, found := strings.CutPrefix(line, "VmRSS:"); found {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(kB), " kB"))
			require.NoError(b, err)
			return n / 1024
		}
	}
	b.Fatalf("process %d has no VmRSS", cmd.Process.Pid)
	return 0
}
