package worker

import (
	"slices"
	"strings"
)

// unknown is the message on a key that is none of the known ones.
func unknown(key string, known []string) string {
	if near := nearest(key, known); near != "" {
		return `unknown key, did you mean "` + near + `"?`
	}
	sorted := slices.Sorted(slices.Values(known))
	return "unknown key, want one of " + strings.Join(sorted, ", ")
}

// nearest is the known key that was probably meant, or "".
func nearest(key string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		d := edits(folded(key), folded(k))
		if d < distance && d*3 <= len(k) {
			best, distance = k, d
		}
	}
	return best
}

// folded forgets case and word separators: base_url and BaseURL are baseURL.
func folded(key string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(key))
}

// edits is the Levenshtein distance, in bytes.
func edits(a, b string) int {
	if len(a) > 2*len(b)+4 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substituted := diagonal
			if a[i] != b[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
