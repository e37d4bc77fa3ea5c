//go:build race

package activities_test

// underRace: the race detector looks on, which makes everything several times as slow.
const underRace = true
