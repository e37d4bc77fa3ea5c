package jobservice

import "net/http"

func linkedList(options ItemOptions) list {
	const token = "page"
	return list{
		options: options,
		path:    "/linked/items",
		methods: []string{http.MethodGet},
		size:    "limit",
		naming:  byPage{},
		token:   queryToken(token),
		shown: func(c call, p itemPage, next string) answer {
			a := jsonAnswer(http.StatusOK, p.items)
			a.header.Add("Link", `<https://docs.example/items>; rel="help"`)
			if next != "" {
				a.header.Add("Link", "<"+c.linkTo(next, token, options.RelativeLinks)+`>; rel="next"`)
			}
			return a
		},
		refused: func(status int, code, message string) answer {
			a := jsonAnswer(status, problem{"urn:problem:" + code, http.StatusText(status), status, message})
			a.header.Set("Content-Type", "application/problem+json")
			return a
		},
	}
}

// problem is as RFC 9457 has it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}
