package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Cluster is Temporal's server on PostgreSQL. Its methods are not for concurrent use.
type Cluster struct {
	Database *PostgreSQL

	compose *composeFile
	root    string // of the repository
	dir     string
	server  *exec.Cmd
	exited  chan error
	ports   map[string]string
	bins    string
}

// serverPorts are the variables with which the server is told where to listen.
var serverPorts = []string{
	"FRONTEND_GRPC_PORT", "FRONTEND_HTTP_PORT", "FRONTEND_MEMBERSHIP_PORT", "HISTORY_GRPC_PORT", "HISTORY_MEMBERSHIP_PORT",
	"MATCHING_GRPC_PORT", "MATCHING_MEMBERSHIP_PORT", "WORKER_GRPC_PORT", "WORKER_MEMBERSHIP_PORT",
}

// Start builds the server, and makes a database, its schemas, the server and the namespace.
// Root is the directory of docker-compose.yml; programs and logs go to dir. After an error
// nothing is left running.
func Start(ctx context.Context, root, dir string) (_ *Cluster, err error) {
	c := &Cluster{root: root, dir: dir, bins: filepath.Join(dir, "bin"), ports: map[string]string{}}
	defer func() {
		if err != nil {
			c.Stop(context.WithoutCancel(ctx))
		}
	}()
	if c.compose, err = readCompose(filepath.Join(root, "docker-compose.yml")); err != nil {
		return nil, err
	}
	if err := c.build(ctx); err != nil {
		return nil, err
	}
	if c.Database, err = startPostgreSQL(ctx); err != nil {
		return nil, err
	}
	if err := c.makeSchema(ctx); err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, len(serverPorts))
	if err != nil {
		return nil, err
	}
	for i, name := range serverPorts {
		c.ports[name] = strconv.Itoa(ports[i])
	}
	if err := c.StartServer(ctx); err != nil {
		return nil, err
	}
	return c, c.makeNamespace(ctx)
}

// HostPort is where clients reach the server.
func (c *Cluster) HostPort() string {
	return net.JoinHostPort("127.0.0.1", c.ports["FRONTEND_GRPC_PORT"])
}

// PID of the server's process, for who measures it; 0 while none runs.
func (c *Cluster) PID() int {
	if c.server == nil || c.server.Process == nil {
		return 0
	}
	return c.server.Process.Pid
}

// build makes the two programs that the containers have.
func (c *Cluster) build(ctx context.Context) error {
	for name, pkg := range map[string]string{
		"temporal-server": "go.temporal.io/server/cmd/server", "temporal-sql-tool": "go.temporal.io/server/cmd/tools/sql",
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(c.bins, name), pkg)
		cmd.Dir = filepath.Join(c.root, "devserver")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", name, err, out)
		}
	}
	return nil
}

// makeSchema runs the script of the service schema. Run again, it changes nothing.
func (c *Cluster) makeSchema(ctx context.Context) error {
	entrypoint := c.compose.Services["schema"].Entrypoint
	script, err := c.compose.mounted(c.root, "schema", entrypoint[len(entrypoint)-1])
	if err != nil {
		return err
	}
	env, err := c.compose.environment("schema", map[string]string{
		"SQL_HOST": "127.0.0.1", "SQL_PORT": strconv.Itoa(c.Database.Port), "PATH": c.bins + ":" + os.Getenv("PATH"),
	})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, entrypoint[0], script)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", script, err, out)
	}
	return nil
}

// StartServer runs the server, and returns when it takes questions.
func (c *Cluster) StartServer(ctx context.Context) error {
	const settings = "DYNAMIC_CONFIG_FILE_PATH"
	here := map[string]string{
		"POSTGRES_SEEDS": "127.0.0.1", "DB_PORT": strconv.Itoa(c.Database.Port), "VISIBILITY_DB_PORT": strconv.Itoa(c.Database.Port),
		"POSTGRES_PORT": strconv.Itoa(c.Database.Port), "BIND_ON_IP": "127.0.0.1",
	}
	var err error
	if here[settings], err = c.compose.mounted(c.root, "temporal", c.compose.Services["temporal"].Environment[settings]); err != nil {
		return err
	}
	maps.Copy(here, c.ports)
	c.server = exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(c.bins, "temporal-server"), "start") // as the image's entry point does
	if c.server.Env, err = c.compose.environment("temporal", here); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(c.dir, "temporal-server.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	c.server.Stdout, c.server.Stderr = out, out
	c.server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for the tests
	if err := c.server.Start(); err != nil {
		return err
	}
	c.exited = make(chan error, 1)
	go func(server *exec.Cmd, exited chan<- error) { exited <- server.Wait() }(c.server, c.exited)
	return c.awaitServer(ctx, out.Name())
}

func (c *Cluster) awaitServer(ctx context.Context, said string) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		dialled, err := client.DialContext(ctx, client.Options{HostPort: c.HostPort(), Logger: quiet()})
		if err == nil {
			dialled.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-c.exited:
			c.exited <- err
			return fmt.Errorf("temporal-server ended: %w: %s", err, lastLines(said))
		case <-tick.C:
		}
	}
}

// lastLines of a log.
func lastLines(path string) string {
	said, _ := os.ReadFile(path)
	return string(said[max(0, len(said)-2000):])
}

// KillServer ends the server with SIGKILL.
func (c *Cluster) KillServer() {
	if c.server == nil || c.server.Process == nil {
		return
	}
	_ = c.server.Process.Kill()
	c.exited <- <-c.exited
}

// StopServer ends the server with SIGTERM, which lets it hand over what it is at, and with
// SIGKILL where that takes longer than ctx.
func (c *Cluster) StopServer(ctx context.Context) {
	if c.server == nil || c.server.Process == nil {
		return
	}
	_ = c.server.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-c.exited:
		c.exited <- err
	case <-ctx.Done():
		c.KillServer()
	}
}

// ServerRuns reports whether the server has not ended, by itself or otherwise.
func (c *Cluster) ServerRuns() bool {
	return c.server != nil && c.server.Process != nil && len(c.exited) == 0
}

// Stop ends everything, and deletes the database.
func (c *Cluster) Stop(ctx context.Context) {
	c.KillServer()
	if c.Database != nil {
		c.Database.remove(ctx)
	}
}

// retention is what deploy/namespace.sh says.
const retention = 72 * time.Hour

// makeNamespace does what the service namespace does with Temporal's own command line.
func (c *Cluster) makeNamespace(ctx context.Context) error {
	namespace := c.compose.Services["namespace"].Environment["TEMPORAL_NAMESPACE"]
	n, err := client.NewNamespaceClient(client.Options{HostPort: c.HostPort(), Logger: quiet()})
	if err != nil {
		return err
	}
	defer n.Close()
	err = n.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if _, there := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); err != nil && !there {
		return err
	}
	return awaitNamespace(ctx, c.HostPort(), namespace)
}

// awaitNamespace: a server learns of a namespace some seconds after it was made.
func awaitNamespace(ctx context.Context, hostPort, namespace string) error {
	dialled, err := client.DialContext(ctx, client.Options{
		HostPort: hostPort, Namespace: namespace, Logger: quiet(),
		ConnectionOptions: client.ConnectionOptions{GetSystemInfoTimeout: time.Minute}, // of a busy machine
	})
	if err != nil {
		return err
	}
	defer dialled.Close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := dialled.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("namespace %s: %w", namespace, err)
		case <-tick.C:
		}
	}
}

// Free ports are taken from below what systems hand out by themselves; the server keeps
// those of its membership in two signed bytes.
const (
	firstFreePort = 20000
	lastFreePort  = 29999
)

// freePorts are n different ports that are free now.
func freePorts(ctx context.Context, n int) ([]int, error) {
	var config net.ListenConfig
	var ports []int
	for tries := 0; len(ports) < n; tries++ {
		port := firstFreePort + rand.IntN(lastFreePort-firstFreePort+1)
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			if tries > 1000 {
				return nil, err
			}
			continue
		}
		defer func() { _ = l.Close() }() // held until the last is found
		ports = append(ports, port)
	}
	return ports, nil
}

func quiet() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }
