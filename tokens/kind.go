package tokens

// Kind says what a token continues.
type Kind string

// The kinds of token. There are no others.
const (
	KindOperation Kind = "operation"
	KindPage      Kind = "page"
	KindStream    Kind = "stream"
)

func (k Kind) known() bool {
	switch k {
	case KindOperation, KindPage, KindStream:
		return true
	}
	return false
}
