package jobservice

import "net/http"

func openaiList(options ItemOptions) list {
	options.EmptyEvery = 0 // it would be the end
	return list{
		options: options,
		path:    "/v1/items",
		methods: []string{http.MethodGet},
		size:    "limit",
		naming:  byItem{},
		token:   queryToken("after"),
		shown:   openaiPage,
		refused: func(status int, code, message string) answer {
			return refuse(status, code, "", message)
		},
	}
}

func openaiPage(_ call, p itemPage, next string) answer {
	body := page{Object: "list", Data: make([]any, 0, len(p.items)), HasMore: next != ""}
	for i, item := range p.items {
		body.Data = append(body.Data, item)
		if i == 0 {
			body.FirstID = &item.ID
		}
		body.LastID = &item.ID
	}
	return jsonAnswer(http.StatusOK, body)
}
