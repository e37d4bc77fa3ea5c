#!/bin/sh
# The namespace that workers and callers use, where it is missing. How long closed
# workflows are kept is how long a workflow id deduplicates.
set -eu

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 72h
