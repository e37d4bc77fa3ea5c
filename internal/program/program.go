// Package program says which version of itself is running.
//
// May import: the standard library.
package program

import "runtime/debug"

// version is the linker's to set, where there is no repository to take it from:
// -ldflags "-X github.com/perdure-dev/perdure/internal/program.version=v1.2.3".
var version string

// Version is what the linker was told, else that of the program's main module, "" where it
// has none.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}
