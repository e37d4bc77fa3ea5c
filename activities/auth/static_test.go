package auth_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
)

// How long what is asynchronous may take, and how often it is looked at.
const (
	waiting = 10 * time.Second
	tick    = 20 * time.Millisecond
)

func isCredentialError(err error) bool {
	_, ok := errors.AsType[*perdure.CredentialError](err)
	return ok
}

func TestBasic(t *testing.T) {
	tests := []struct{ name, username, secret, want, problem string }{
		{"a password", "worker", "p:w", "Basic d29ya2VyOnA6dw==", ""},
		{"both", "", "worker:p:w", "Basic d29ya2VyOnA6dw==", ""},
		{"a user without a password", "", "sk_live:", "Basic c2tfbGl2ZTo=", ""},
		{"no user", "", "password", "", "environment variable TEST_BASIC: has no colon, want USER:PASSWORD"},
		{"nothing", "worker", "", "", "environment variable TEST_BASIC: is empty or not set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TEST_BASIC", tt.secret)
			c := auth.Basic("jobs", tt.username, auth.Secret{Env: "TEST_BASIC"})
			if tt.problem != "" {
				_, err := applied(t, c)
				require.ErrorContains(t, err, tt.problem)
				require.True(t, isCredentialError(err))
				return
			}
			require.Equal(t, tt.want, sent(t, c))
			require.Equal(t, []string{"Authorization"}, c.SecretHeaders())
		})
	}
}

func TestStaticRefresh(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	secret := auth.Secret{File: file}
	tests := []struct {
		name string
		c    auth.Credential
	}{
		{"bearer", auth.Bearer("jobs", secret)},
		{"basic", auth.Basic("jobs", "worker", secret)},
		{"header", auth.APIKey("jobs", secret, "X-Key", "")},
		{"query", auth.APIKey("jobs", secret, "", "key")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			write(t, file, "one")
			refused, err := applied(t, tt.c)
			require.NoError(t, err)
			changed, err := tt.c.Refresh(t.Context(), refused)
			require.NoError(t, err)
			require.False(t, changed)
			write(t, file, "two")
			for range 2 { // also where another was first
				changed, err = tt.c.Refresh(t.Context(), refused)
				require.NoError(t, err)
				require.True(t, changed)
			}
		})
	}
}
