package jobservice

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
)

func cursorList(options ItemOptions) list {
	return list{
		options: options,
		path:    "/cursor/items",
		methods: []string{http.MethodGet, http.MethodPost},
		size:    "limit",
		naming:  byPage{},
		token:   cursorToken,
		shown: func(_ call, p itemPage, next string) answer {
			a := jsonAnswer(http.StatusOK, cursorPage{p.items, next})
			if next != "" {
				a.header.Set("Next-Cursor", next)
			}
			return a
		},
		refused: func(status int, code, message string) answer {
			return jsonAnswer(status, map[string]string{"code": code, "message": message})
		},
	}
}

type cursorPage struct {
	Items []item `json:"items"`
	Next  string `json:"next,omitempty"`
}

// cursorToken finds the token in the query, a header or the body, and in one of
// them only.
func cursorToken(r *http.Request) (string, error) {
	var body struct {
		Cursor string `json:"cursor"`
	}
	if text := peekBody(r); len(text) > 0 {
		if err := decode(text, &body); err != nil {
			return "", err
		}
	}
	query, header := r.URL.Query().Get("cursor"), r.Header.Get("X-Cursor")
	token := cmp.Or(query, header, body.Cursor)
	if len(query)+len(header)+len(body.Cursor) != len(token) {
		return "", errors.New("cursor: it is in more than one place")
	}
	return token, nil
}

// peekBody gives the body, as far as the service takes one, and leaves it to be
// read again.
func peekBody(r *http.Request) []byte {
	text, _ := io.ReadAll(io.LimitReader(r.Body, MaxBodyBytes+1)) // the next read gives the error again
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), rest), rest}
	return text
}
