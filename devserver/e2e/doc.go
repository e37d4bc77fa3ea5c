// Package e2e holds what Perdure promises, tested by name against a real Temporal
// server, real worker processes and real HTTP.
//
// May import: everything of both modules; nothing imports it.
package e2e
