package webapptest_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

// Pictures of the pages for the example's README, where they are asked for.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("PERDURE_SCREENSHOTS")
	if dir == "" {
		t.Skip("PERDURE_SCREENSHOTS names no folder")
	}
	w := newWorld(t, jobservice.Options{Duration: 10 * time.Second})
	w.instance()
	ada := w.signedIn("Ada")
	ada.do("make the window higher", chromedp.EmulateViewport(960, 920))
	ada.open(w.proxy.url() + "/items")
	ada.click("#next")
	ada.requirePage(2)
	ada.picture(filepath.Join(dir, "items.png"))

	_, err := chromedp.Call(ada.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	require.NoError(t, err)
	ada.do("make the window lower", chromedp.EmulateViewport(960, 440))
	ada.open(w.proxy.url() + "/indexes/new")
	ada.follow("send the form", writeAndSend("#name", "handbook")...)
	ada.do("see that it goes on", chromedp.WaitReady(chromedp.CSS(`#bar[value="40"], #bar[value="50"]`)))
	ada.picture(filepath.Join(dir, "operation.png"))
}

func (b *tab) picture(file string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.Less(b.t, len(png), 200<<10, file)
	require.NoError(b.t, os.WriteFile(file, png, 0o644))
}
