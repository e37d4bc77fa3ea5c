package collection

import (
	"sort"

	"github.com/perdure-dev/perdure"
)

// maxSegments bounds what is carried from run to run; the pages of older ones can be
// fetched again from their tokens.
const maxSegments = 10_000

// addSegment notes that the run holds the pages from here on.
func (c *collection) addSegment(runID string) {
	s := c.Status.Segments
	if n := len(s); n > 0 && s[n-1].FirstIndex == c.Status.Pages { // the run before came to no page
		s = s[:n-1]
	}
	s = append(s, perdure.Segment{RunID: runID, FirstIndex: c.Status.Pages})
	c.Status.Segments = s[max(0, len(s)-maxSegments):]
}

// segmentOf is the place of the segment that has the page; -1 where none has.
func segmentOf(segments []perdure.Segment, index int) int {
	return sort.Search(len(segments), func(i int) bool { return segments[i].FirstIndex > index }) - 1
}
