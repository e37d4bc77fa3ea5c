package devserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
)

func TestWebUI(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Namespaces: []string{"default", "second"}})

	page := get(t, server.UIURL(), "text/html")
	require.Contains(t, string(page), "<html")

	var list struct {
		Namespaces []struct {
			NamespaceInfo struct{ Name string }
		}
	}
	require.NoError(t, json.Unmarshal(get(t, server.UIURL()+"/api/v1/namespaces", "application/json"), &list))
	var names []string
	for _, namespace := range list.Namespaces {
		names = append(names, namespace.NamespaceInfo.Name)
	}
	require.Subset(t, names, []string{"default", "second"})

	server.Stop()
	response, err := http.Get(server.UIURL())
	if err == nil {
		_ = response.Body.Close()
	}
	require.Error(t, err)
}

func get(t *testing.T, url, contentType string) []byte {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	require.Contains(t, response.Header.Get("Content-Type"), contentType)
	return body
}
