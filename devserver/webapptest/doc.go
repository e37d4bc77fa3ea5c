// Package webapptest holds what the web application of examples/webapp shows, tested in a
// real browser, with real instances of it behind a proxy, a real worker, a real Temporal
// server and real HTTP.
//
// A chat comes from aimock, which somebody else wrote, and is skipped likewise where that
// is not installed; and from a model of our own, whose stream can be taken up.
//
// It needs Chromium or Chrome. Where there is none the tests are skipped, but not in CI
// (CI=true), where they fail. PERDURE_BROWSER names one that is not found by itself, and
// PERDURE_SCREENSHOTS a folder for pictures of the pages:
//
//	PERDURE_SCREENSHOTS=../../examples/webapp/docs go test -run Screenshots ./webapptest
//
// May import: everything of both modules; nothing imports it.
package webapptest
