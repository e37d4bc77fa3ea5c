package devserver

import (
	"context"
	"fmt"
	"net/http"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// webUI is Temporal's web UI, serving one frontend.
type webUI struct {
	url    string
	server *uiserver.Server
	ended  chan struct{}
}

// startUI returns when the UI answers. It ends the process when it cannot listen
// on the port; the port was free a moment ago.
func startUI(ctx context.Context, opts Options, port int, frontend string) (*webUI, error) {
	ui := &webUI{
		url:   "http://" + address(dialable(opts.IP), port),
		ended: make(chan struct{}),
		server: uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
			Host:                bracketed(opts.IP),
			Port:                port,
			TemporalGRPCAddress: frontend,
			DefaultNamespace:    opts.Namespaces[0],
			EnableUI:            true,
			CORS:                uiconfig.CORS{CookieInsecure: true},
			DisableNewsFetch:    true,
			HideLogs:            true,
		})),
	}
	go func() {
		defer close(ui.ended)
		_ = ui.server.Start()
	}()
	if err := until(ctx, func() error { return ui.answers(ctx) }); err != nil {
		ui.stop()
		return nil, fmt.Errorf("devserver: the web UI is not ready: %w", err)
	}
	return ui, nil
}

func (ui *webUI) answers(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, ui.url+"/healthz", nil)
	if err != nil {
		return err
	}
	// No proxy, whatever the environment says.
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	return nil
}

func (ui *webUI) stop() {
	ui.server.Stop()
	<-ui.ended
}

// bracketed writes an IPv6 address as the UI, which joins it to the port with a
// colon, needs it.
func bracketed(ip string) string {
	hostPort := address(ip, 0)
	return hostPort[:len(hostPort)-len(":0")]
}
