package cli

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/perdure-dev/perdure"
)

// ago says how long before now t was.
func ago(t, now time.Time) string {
	if d := now.Sub(t); d >= time.Second {
		return span(d) + " ago"
	}
	return "just now"
}

// until says how long after now t is.
func until(t, now time.Time) string {
	if d := t.Sub(now); d > 0 {
		return "in " + span(d)
	}
	return "due"
}

// span is a duration in its largest unit, and the one below where that matters.
func span(d time.Duration) string {
	seconds := int64(math.Ceil(d.Seconds()))
	minutes, hours := seconds/60, seconds/3600
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d s", seconds)
	case minutes < 10:
		return fmt.Sprintf("%d min %d s", minutes, seconds%60)
	case hours < 1:
		return fmt.Sprintf("%d min", minutes)
	case hours < 48:
		return fmt.Sprintf("%d h %d min", hours, minutes%60)
	}
	return fmt.Sprintf("%d d %d h", hours/24, hours%24)
}

// stamp is a point in time as the contract writes it, to the second.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// moment is a point in time, and how long ago it was.
func moment(t, now time.Time) string { return stamp(t) + ", " + ago(t, now) }

func percent(p float64) string {
	return strconv.FormatFloat(math.Round(p*10)/10, 'f', -1, 64) + " %"
}

// stateWords is the state, and the service's own word for it.
func stateWords(s perdure.Status) string {
	if s.ServiceStatus == "" {
		return string(s.State)
	}
	return fmt.Sprintf("%s (%s)", s.State, oneLine(s.ServiceStatus))
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// shellWord is text as one word of a shell's command line.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// oneLine makes text of a service fit for a terminal: no line breaks, and nothing
// that the terminal would obey.
func oneLine(text string) string {
	spaced := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(spaced), " ")
}
