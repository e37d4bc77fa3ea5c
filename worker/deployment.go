package worker

import (
	"cmp"
	"fmt"
	"strings"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/internal/program"
)

// maxDeploymentBytes is what fits twice into an id of Temporal's, name and build.
const maxDeploymentBytes = 200

// options has workflows move to the deployment's current version as soon as there is one
// task more of them: docs/adr/0010-worker-versions.md says why none is pinned.
func (d *Deployment) options() worker.DeploymentOptions {
	if d == nil {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   worker.WorkerDeploymentVersion{DeploymentName: d.Name, BuildID: d.buildID()},
		DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	}
}

func (d *Deployment) buildID() string { return cmp.Or(d.BuildID, program.Version()) }

func (k *checker) deployment(key string, d *Deployment) {
	if d == nil {
		return
	}
	name, build := below(key, "name"), below(key, "buildId")
	switch {
	case d.Name == "":
		k.refuse(name, "is missing")
	case !isDeploymentPart(d.Name) || strings.ContainsAny(d.Name, ".:"):
		k.refuse(name, fmt.Sprintf("want at most %d bytes, no dot, colon or control character, and not Temporal's prefix __", maxDeploymentBytes))
	}
	switch {
	case d.buildID() == "":
		k.refuse(build, "is missing, and this program was built without a version")
	case !isDeploymentPart(d.buildID()):
		k.refuse(build, fmt.Sprintf("want at most %d bytes, no control character, and not Temporal's prefix __", maxDeploymentBytes))
	}
}

func isDeploymentPart(s string) bool {
	return len(s) <= maxDeploymentBytes && !strings.HasPrefix(s, "__") && plain(s)
}
