package jobservice

// Pages gives the requests for pages of the list at the path, such as
// "/v1/items"; an empty path is any list.
func (b Books) Pages(path string) Books {
	return b.where(func(e Entry) bool { return e.Page != nil && (path == "" || e.Path == path) })
}

// Given gives the requests whose whole answer, a 2xx, was handed to the
// connection; a client may have it a moment before the books say so.
func (b Books) Given() Books {
	return b.where(func(e Entry) bool { return e.Status/100 == 2 && e.Written })
}

// PageCounts counts the requests for pages by the page's index.
func (b Books) PageCounts() map[int]int {
	counts := map[int]int{}
	for _, entry := range b {
		if entry.Page != nil {
			counts[*entry.Page]++
		}
	}
	return counts
}

func (b Books) pagesByPath() map[string]map[int]int {
	counts := map[string]map[int]int{}
	for _, entry := range b {
		if entry.Page != nil && counts[entry.Path] == nil {
			counts[entry.Path] = b.Pages(entry.Path).PageCounts()
		}
	}
	return counts
}
