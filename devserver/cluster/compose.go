package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// composeFile is what is needed of docker-compose.yml.
type composeFile struct {
	Services map[string]composeService `yaml:"services"`
	Configs  map[string]struct {
		File string `yaml:"file"`
	} `yaml:"configs"`
}

type composeService struct {
	Image       string            `yaml:"image"`
	Environment map[string]string `yaml:"environment"`
	Entrypoint  []string          `yaml:"entrypoint"`
	Command     []string          `yaml:"command"`
	Configs     []struct {
		Source string `yaml:"source"`
		Target string `yaml:"target"`
	} `yaml:"configs"`
}

func readCompose(path string) (*composeFile, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c composeFile
	if err := yaml.UnmarshalWithOptions(content, &c, yaml.AllowDuplicateMapKey()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &c, nil
}

// environment of a service, as a process has it, with what is different here.
func (c *composeFile) environment(service string, here map[string]string) ([]string, error) {
	s, ok := c.Services[service]
	if !ok {
		return nil, fmt.Errorf("docker-compose.yml has no service %q", service)
	}
	env := os.Environ()
	for name, value := range s.Environment {
		if other, ok := here[name]; ok {
			value = other
		}
		env = append(env, name+"="+value)
	}
	for name, value := range here {
		if _, ok := s.Environment[name]; !ok {
			env = append(env, name+"="+value)
		}
	}
	return env, nil
}

// mounted is the file that a service sees at a path of its container.
func (c *composeFile) mounted(root, service, target string) (string, error) {
	for _, mount := range c.Services[service].Configs {
		if mount.Target == target {
			return filepath.Join(root, c.Configs[mount.Source].File), nil
		}
	}
	return "", fmt.Errorf("docker-compose.yml mounts nothing at %s in %q", target, service)
}
