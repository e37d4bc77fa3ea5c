package bench_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/tokens"
)

// shared is the Temporal server of this run: the embedded one, in memory.
var shared *devserver.Server

func TestMain(m *testing.M) {
	server, err := devserver.Start(context.Background(), devserver.Options{Headless: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	shared = server
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

var quietLog = slog.New(slog.DiscardHandler)

// keyset makes one where the configuration looks for it.
func keyset(b *testing.B, path string) {
	b.Helper()
	_, err := tokens.Create(path)
	require.NoError(b, err)
}

func dial(b *testing.B) client.Client {
	b.Helper()
	c, err := client.DialContext(b.Context(), client.Options{
		HostPort: shared.HostPort(), Logger: sdklog.NewStructuredLogger(quietLog),
	})
	require.NoError(b, err)
	b.Cleanup(c.Close)
	return c
}

// page serves so many items of 100 bytes.
func page(items int) http.Handler {
	item := `{"id":"item","text":"` + strings.Repeat("x", 77) + `"}`
	body := `{"object":"list","has_more":false,"data":[` + strings.TrimSuffix(strings.Repeat(item+",", items), ",") + `]}`
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	})
}

// measured runs one after the other, and reports the CPU of each.
func measured(b *testing.B, one func()) {
	b.Helper()
	begin := cpu()
	for b.Loop() {
		one()
	}
	b.ReportMetric(float64((cpu()-begin).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// cpu is the time that this process has computed.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
