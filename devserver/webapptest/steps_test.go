package webapptest_test

import "github.com/chromedp/chromedp"

// chooseAndSend clicks a choice of the form in the page, and sends the form.
func chooseAndSend(choice string) []chromedp.Action[chromedp.Void] {
	return []chromedp.Action[chromedp.Void]{
		chromedp.Click(chromedp.CSS(choice)),
		chromedp.Click(chromedp.CSS("main form button")),
	}
}

// writeAndSend writes into a field of the form in the page, and sends the form.
func writeAndSend(field, text string) []chromedp.Action[chromedp.Void] {
	return []chromedp.Action[chromedp.Void]{
		chromedp.SendKeys(chromedp.CSS(field), text),
		chromedp.Click(chromedp.CSS("main form button")),
	}
}
