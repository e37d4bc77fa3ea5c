package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// alertRule is one of deploy/alerts.yaml.
type alertRule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alertRules(t *testing.T) []alertRule {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string      `yaml:"name"`
			Rules []alertRule `yaml:"rules"`
		} `yaml:"groups"`
	}
	readYAML(t, "../deploy/alerts.yaml", &file)
	require.Len(t, file.Groups, 1)
	return file.Groups[0].Rules
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalWithOptions(raw, into, yaml.AllowDuplicateMapKey()))
}

func operationsPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("operations.md")
	require.NoError(t, err)
	return string(page)
}

// Each alert links to its section of the page, in the page's order; there is no other.
func TestEveryAlertHasItsSection(t *testing.T) {
	t.Parallel()
	const page = "https://github.com/perdure-dev/perdure/blob/main/docs/operations.md#"
	_, alerts, found := strings.Cut(operationsPage(t), "\n## Alerts\n")
	require.True(t, found)
	alerts, _, _ = strings.Cut(alerts, "\n## ")
	var sections, rules []string
	for _, m := range regexp.MustCompile(`(?m)^### (\S+)$`).FindAllStringSubmatch(alerts, -1) {
		sections = append(sections, m[1])
	}
	for _, rule := range alertRules(t) {
		rules = append(rules, rule.Alert)
		require.Equal(t, page+strings.ToLower(rule.Alert), rule.Annotations["runbook_url"])
		require.Contains(t, []string{"page", "ticket"}, rule.Labels["severity"])
		require.NotEmpty(t, rule.Annotations["summary"])
		require.NotEmpty(t, rule.For)
	}
	require.Equal(t, rules, sections)
	require.Equal(t, "PerdureStartsAmbiguous", rules[0], "what costs money comes first")
}

// Each alert is seen to fire by promtool's tests.
func TestEveryAlertIsTested(t *testing.T) {
	t.Parallel()
	var file struct {
		Tests []struct {
			Alerts []struct {
				Name     string `yaml:"alertname"`
				Expected []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		} `yaml:"tests"`
	}
	readYAML(t, "../deploy/alerts_test.yaml", &file)
	fired := map[string]bool{}
	for _, test := range file.Tests {
		for _, alert := range test.Alerts {
			fired[alert.Name] = fired[alert.Name] || len(alert.Expected) > 0
		}
	}
	for _, rule := range alertRules(t) {
		require.True(t, fired[rule.Alert], "%s never fires", rule.Alert)
		delete(fired, rule.Alert)
	}
	require.Empty(t, fired)
}

// Alerts ask for metrics that the page has. That the worker has the same is seen end to end.
func TestAlertsAskForMetricsThatAreThere(t *testing.T) {
	t.Parallel()
	page := operationsPage(t)
	for _, rule := range alertRules(t) {
		for _, name := range regexp.MustCompile(`perdure_[a-z_]+`).FindAllString(rule.Expr, -1) {
			require.Contains(t, page, "| `"+strings.TrimSuffix(name, "_bucket")+"` |", rule.Alert)
		}
	}
}

// The page's Go is that of a compiled example.
func TestTheCallersTracesAreCompiled(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("../worker/telemetry/example_test.go")
	require.NoError(t, err)
	blocks := blocksOf(t, "operations.md", "go")
	require.Len(t, blocks, 1)
	indented := "\t" + strings.ReplaceAll(strings.TrimSpace(blocks[0]), "\n", "\n\t")
	require.Contains(t, string(example), indented)
}
