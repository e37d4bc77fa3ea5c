package jobservice

import "net/http"

func googleList(options ItemOptions) list {
	return list{
		options: options,
		path:    "/v1beta/items",
		methods: []string{http.MethodGet},
		size:    "pageSize",
		naming:  byPage{},
		token:   queryToken("pageToken"),
		shown: func(_ call, p itemPage, next string) answer {
			return jsonAnswer(http.StatusOK, googlePage{p.items, next})
		},
		refused: func(status int, _, message string) answer {
			return jsonAnswer(status, map[string]any{"error": googleError{status, message, "INVALID_ARGUMENT"}})
		},
	}
}

type googlePage struct {
	Items         []item `json:"items"`
	NextPageToken string `json:"nextPageToken"`
}

type googleError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Status  string `json:"status"`
}
