package webapptest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// findBrowser gives the path of a browser; "": there is none, which is an error in CI.
func findBrowser() (string, error) {
	if named := os.Getenv("PERDURE_BROWSER"); named != "" {
		return exec.LookPath(named)
	}
	for _, name := range []string{
		"headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	if os.Getenv("CI") == "true" {
		return "", errors.New("there is no Chromium or Chrome, and CI needs one: .ci/run installs it on Debian")
	}
	return "", nil
}

func startBrowser(executable string, more ...chromedp.ExecAllocatorOption) (browser context.Context, stop func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(executable))
	options = append(options, more...)
	if os.Geteuid() == 0 { // Chromium's sandbox does not start for root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, free := chromedp.NewExecAllocator(context.Background(), options...)
	browser, leave := chromedp.NewContext(allocator)
	stop = func() { leave(); free() }
	if err := chromedp.Do(browser); err != nil {
		stop()
		return nil, nil, fmt.Errorf("start %s: %w", executable, err)
	}
	return browser, stop, nil
}

// tab is one user's browser window.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab opens a window with cookies of its own, for as long as the test.
func newTab(t *testing.T) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(960, 760)))
	b := &tab{t: t, ctx: ctx}
	b.watchConsole()
	return b
}

// watchConsole fails the test when the page breaks its own policy, or a script fails.
func (b *tab) watchConsole() {
	messages := chromedp.Console(b.ctx)
	var bad []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if text := fmt.Sprint(m); strings.Contains(text, "Content Security Policy") || strings.Contains(text, "Uncaught") {
				bad = append(bad, text)
			}
		}
	}()
	b.t.Cleanup(func() {
		_ = chromedp.Cancel(b.ctx)
		<-done
		if len(bad) > 0 {
			b.t.Errorf("the console says: %s", strings.Join(bad, "\n"))
		}
	})
}

const patience = time.Minute

// do does what a user does, and waits until it is done.
func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.doWithin(patience, what, steps...)
}

func (b *tab) doWithin(patience time.Duration, what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v; the page is %q", what, err, b.all())
	}
}

// follow does what leads to another page, and gives that page's status.
func (b *tab) follow(what string, steps ...chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.t.Fatalf("%s: %v; the page is %q", what, err, b.all())
	}
	return int(response.Status)
}

func (b *tab) open(address string) int {
	b.t.Helper()
	return b.follow("open "+address, chromedp.Navigate(address))
}

func (b *tab) reload() int {
	b.t.Helper()
	return b.follow("reload", chromedp.Reload())
}

// click clicks what leads to another page.
func (b *tab) click(selector string) int {
	b.t.Helper()
	return b.follow("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// see waits until the element is there and visible, and gives its text.
func (b *tab) see(selector string) string {
	b.t.Helper()
	b.do("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	return b.text(selector)
}

// text is the text of the element as it is now; "": there is no such element.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return evaluate[string](b, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector))
}

// cells are the texts of the table's cells, row by row.
func (b *tab) cells() [][]string {
	b.t.Helper()
	return evaluate[[][]string](b, `[...document.querySelectorAll("tbody tr")].map(row => [...row.cells].map(cell => cell.innerText))`)
}

func (b *tab) address() string {
	b.t.Helper()
	return evaluate[string](b, "location.href")
}

// all is the text of the whole page, for messages.
func (b *tab) all() string {
	text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	return text
}

func evaluate[T any](b *tab, expression string, o ...chromedp.EvaluateOption) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, o...))
	require.NoError(b.t, err, expression)
	return value
}
