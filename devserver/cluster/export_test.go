package cluster

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Retention is that of the namespace.
const Retention = retention

// FreePorts are n different ports that are free now.
var FreePorts = freePorts

// Service is one of docker-compose.yml.
type Service = composeService

// Services are those of docker-compose.yml.
func Services(root string) (map[string]Service, error) {
	c, err := readCompose(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		return nil, err
	}
	return c.Services, nil
}

// CopyMounted writes what a service sees at a path of its container to that path here.
func (c *Cluster) CopyMounted(service, target string, here *strings.Replacer) error {
	file, err := c.compose.mounted(c.root, service, target)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(here.Replace(target), []byte(here.Replace(string(content))), 0o600)
}

// Process is a service's: its program with its command and environment, and other arguments
// where some are given, as docker compose run has it.
func (c *Cluster) Process(ctx context.Context, service, program string, here *strings.Replacer, args ...string) (*exec.Cmd, error) {
	env := map[string]string{}
	for name, value := range c.compose.Services[service].Environment {
		env[name] = here.Replace(value)
	}
	if len(args) == 0 {
		for _, arg := range c.compose.Services[service].Command {
			args = append(args, here.Replace(arg))
		}
	}
	cmd := exec.CommandContext(ctx, program, args...)
	var err error
	cmd.Env, err = c.compose.environment(service, env)
	return cmd, err
}
