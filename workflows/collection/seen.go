package collection

// maxSeen bounds the prints that are carried from run to run: 20 bytes each.
const maxSeen = 20_000

// seen tells whether a request has been made before: a page that names an earlier one
// as its next would lead in a circle for ever. The newest maxSeen are known exactly. Of
// the others every one whose number is a power of two is remembered until the next such,
// so that a longer circle is noticed before it has been gone round thrice (Brent's
// algorithm).
type seen struct {
	Prints []string `json:"prints,omitempty"`
	Count  int      `json:"count,omitempty"`
	Anchor string   `json:"anchor,omitempty"`

	known map[string]bool
}

func (s *seen) add(mark string) {
	if s.has(mark) { // a page that is asked for again after it failed
		return
	}
	if s.Count&(s.Count-1) == 0 {
		s.Anchor = mark
	}
	s.Count++
	s.Prints = append(s.Prints, mark)
	s.known[mark] = true
	if len(s.Prints) > maxSeen {
		delete(s.known, s.Prints[0])
		s.Prints = s.Prints[1:]
	}
}

func (s *seen) has(mark string) bool {
	if s.known == nil {
		s.known = make(map[string]bool, len(s.Prints))
		for _, p := range s.Prints {
			s.known[p] = true
		}
	}
	return mark == s.Anchor && mark != "" || s.known[mark]
}
