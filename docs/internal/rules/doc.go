// Package rules makes the tables of rules in the pages of docs from the tests that show
// them, so that a page can claim nothing that no test does.
//
// A rule is declared in the comment of a test, or beside the case that shows it:
//
//	// A word that is not known to end an operation means that it runs.
//	//
//	//rule:azure 5 AG; azcore for Completed
//	func TestTerminalWords(t *testing.T) {
//
// The first paragraph of the comment is the rule, in Markdown. The directive says the
// section, the number within it (5, or 5a for a part of it), and the sources: each is an
// abbreviation that the page explains, with what is to be found there, or "-" for a
// decision of this project. A directive without a source adds a test to a rule that is
// declared elsewhere; the comment is the test's own then.
//
// A variable of a test's package may hold the cases: what is declared in it belongs to
// the tests that use the variable, by its name.
//
// A page has the table of a section wherever it says
//
//	<!-- rules: azure -->
//	<!-- end of rules -->
//
// This package may import the standard library only.
package rules
