package jobservice

// paging is the items as pages of one size.
type paging struct {
	ItemOptions
	size int
}

// place is where a page is: its index, and the number of its first item.
type place struct{ index, first int }

// itemPage is one page.
type itemPage struct {
	place
	items []item
	// last says that it names no next one; else next is the index of that.
	last bool
	next int
}

// at is where the page of the index is; false: nowhere.
func (p paging) at(index int) (place, bool) {
	if index == 0 {
		return place{}, true
	}
	if index > 2*p.Count { // at least every other page has an item
		return place{}, false
	}
	full := index
	if p.EmptyEvery > 0 {
		full -= index / p.EmptyEvery
	}
	first := full * p.size
	return place{index, first}, first < p.Count
}

// page is what stands at the place.
func (p paging) page(at place) itemPage {
	end := min(at.first+p.size, p.Count)
	if p.EmptyEvery > 0 && at.index%p.EmptyEvery == p.EmptyEvery-1 {
		end = at.first
	}
	page := itemPage{place: at, items: p.items(at.first, end), last: end >= p.Count, next: at.index + 1}
	if next, named := p.Next[at.index]; named {
		page.last, page.next = false, next
	}
	return page
}
