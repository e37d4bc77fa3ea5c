package aws_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/auth/aws"
)

const canary = "s3cret-canary"

// alone takes the machine's own credentials away.
func alone(t *testing.T) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CA_BUNDLE": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
	} {
		t.Setenv(name, value)
	}
}

// container is the endpoint from which a container has its role's keys.
type container struct {
	asked, status atomic.Int64
	lasts         atomic.Int64 // seconds
}

func newContainer(t *testing.T) *container {
	t.Helper()
	alone(t)
	c := &container{}
	c.lasts.Store(3600)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := c.asked.Add(1)
		if status := int(c.status.Load()); status != 0 {
			w.WriteHeader(status)
			return
		}
		_, _ = fmt.Fprintf(w, `{"AccessKeyId":"AKID%d","SecretAccessKey":%q,"Token":"session-%d","Expiration":%q}`,
			n, canary, n, time.Now().Add(time.Duration(c.lasts.Load())*time.Second).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(s.Close)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", s.URL+"/keys")
	return c
}

func made(t *testing.T, service string) auth.Credential {
	t.Helper()
	c, err := aws.New(auth.Settings{Service: "jobs", Client: &http.Client{Transport: &http.Transport{}}, Region: "eu-central-1", SigningName: service})
	require.NoError(t, err)
	return c
}

func applied(ctx context.Context, c auth.Credential, body string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://jobs.example.com/a%20b/c?z=1&a=2", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Name", "v")
	return r, c.Apply(ctx, r)
}

func TestSignature(t *testing.T) {
	alone(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", canary)
	t.Setenv("AWS_SESSION_TOKEN", "session")
	for _, service := range []string{"bedrock", "s3"} {
		for _, body := range []string{"", `{"a":1}`} {
			t.Run(service+" "+body, func(t *testing.T) {
				got, err := applied(t.Context(), made(t, service), body)
				require.NoError(t, err)
				require.Contains(t, got.Header.Get("Authorization"), "/eu-central-1/"+service+"/aws4_request")

				// As the service verifies it: from what arrived.
				at, err := time.Parse("20060102T150405Z", got.Header.Get("X-Amz-Date"))
				require.NoError(t, err)
				want, err := http.NewRequestWithContext(t.Context(), got.Method, got.URL.String(), strings.NewReader(body))
				require.NoError(t, err)
				want.Header.Set("X-Name", "v")
				want.Header.Set("X-Amz-Content-Sha256", got.Header.Get("X-Amz-Content-Sha256"))
				keys := sdk.Credentials{AccessKeyID: "AKID", SecretAccessKey: canary, SessionToken: "session"}
				require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), keys, want, map[string]string{
					"":        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
					`{"a":1}`: "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
				}[body], service, "eu-central-1", at, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" }))
				require.Equal(t, want.Header.Get("Authorization"), got.Header.Get("Authorization"))
				require.Equal(t, "session", got.Header.Get("X-Amz-Security-Token"))
				sent, err := got.GetBody()
				require.NoError(t, err)
				require.NoError(t, sent.Close())
			})
		}
	}
}

func TestAQueryThatCannotBeSigned(t *testing.T) {
	alone(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", canary)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://jobs.example.com/?a;b=c", nil)
	var bad *perdure.InputError
	require.ErrorAs(t, made(t, "bedrock").Apply(t.Context(), r), &bad)
}

func TestKeysOfTheContainer(t *testing.T) {
	endpoint := newContainer(t)
	c := made(t, "bedrock")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if r, err := applied(t.Context(), c, ""); err != nil || r.Header.Get("X-Amz-Security-Token") != "session-1" {
				t.Errorf("%v, %v", r.Header, err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, endpoint.asked.Load())

	refused, err := applied(t.Context(), c, "")
	require.NoError(t, err)
	for range 2 {
		changed, err := c.Refresh(t.Context(), refused)
		require.NoError(t, err)
		require.True(t, changed)
	}
	require.EqualValues(t, 2, endpoint.asked.Load())
}

func TestKeysThatExpire(t *testing.T) {
	endpoint := newContainer(t)
	endpoint.lasts.Store(2)
	c := made(t, "bedrock")
	r, err := applied(t.Context(), c, "")
	require.NoError(t, err)
	require.Equal(t, "session-1", r.Header.Get("X-Amz-Security-Token"))
	endpoint.lasts.Store(3600)
	require.Eventually(t, func() bool {
		r, err := applied(t.Context(), c, "")
		return err == nil && r.Header.Get("X-Amz-Security-Token") == "session-2"
	}, time.Minute, 50*time.Millisecond)
}

func TestASharedFileThatChanges(t *testing.T) {
	alone(t)
	file := filepath.Join(t.TempDir(), "credentials")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	write := func(id string) {
		require.NoError(t, os.WriteFile(file, []byte("[default]\naws_access_key_id="+id+"\naws_secret_access_key="+canary+"\n"), 0o600))
	}
	write("AKIDONE")
	c := made(t, "bedrock")
	refused, err := applied(t.Context(), c, "")
	require.NoError(t, err)
	require.Contains(t, refused.Header.Get("Authorization"), "Credential=AKIDONE/")
	changed, err := c.Refresh(t.Context(), refused)
	require.NoError(t, err)
	require.False(t, changed)
	write("AKIDTWO")
	changed, err = c.Refresh(t.Context(), refused)
	require.NoError(t, err)
	require.True(t, changed)
	again, err := applied(t.Context(), c, "")
	require.NoError(t, err)
	require.Contains(t, again.Header.Get("Authorization"), "Credential=AKIDTWO/")
}

func TestFailures(t *testing.T) {
	t.Run("no keys anywhere", func(t *testing.T) {
		alone(t)
		_, err := applied(t.Context(), made(t, "bedrock"), "")
		require.EqualError(t, err, "perdure: credential of service jobs from AWS's default credentials: is not there or cannot be used")
	})
	t.Run("the endpoint refuses", func(t *testing.T) {
		newContainer(t).status.Store(http.StatusForbidden)
		_, err := applied(t.Context(), made(t, "bedrock"), "")
		require.EqualError(t, err, "perdure: credential of service jobs from AWS's default credentials: answered with HTTP 403")
	})
	t.Run("the endpoint is down", func(t *testing.T) {
		endpoint := newContainer(t)
		endpoint.status.Store(http.StatusServiceUnavailable)
		c := made(t, "bedrock")
		_, err := applied(t.Context(), c, "")
		require.EqualError(t, err, "AWS's default credentials answered with HTTP 503")
		_, ends := errors.AsType[*perdure.CredentialError](err)
		require.False(t, ends)
		endpoint.status.Store(0)
		require.Eventually(t, func() bool { _, err := applied(t.Context(), c, ""); return err == nil }, time.Minute, 50*time.Millisecond)
	})
}

func TestWhatIsRequired(t *testing.T) {
	_, err := aws.New(auth.Settings{SigningName: "bedrock"})
	require.ErrorContains(t, err, "region: is missing")
	_, err = aws.New(auth.Settings{Region: "eu-central-1"})
	require.ErrorContains(t, err, "service: is missing")
}
