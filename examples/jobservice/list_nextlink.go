package jobservice

import "net/http"

func nextLinkList(options ItemOptions) list {
	const token = "$skiptoken"
	return list{
		options: options,
		path:    "/items",
		methods: []string{http.MethodGet},
		size:    "$top",
		naming:  byPage{},
		token:   queryToken(token),
		shown: func(c call, p itemPage, next string) answer {
			body := nextLinkPage{Value: p.items}
			if next != "" {
				body.NextLink = c.linkTo(next, token, options.RelativeLinks)
			}
			return jsonAnswer(http.StatusOK, body)
		},
		refused: func(status int, code, message string) answer {
			return jsonAnswer(status, map[string]any{"error": map[string]string{"code": code, "message": message}})
		},
	}
}

type nextLinkPage struct {
	Value    []item `json:"value"`
	NextLink string `json:"nextLink,omitempty"`
}
