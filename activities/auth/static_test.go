package auth_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
)

// How long what is asynchronous may take, and how often it is looked at.
const (
	waiting = time.Minute
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

// Whoever writes a file anew may empty or remove it first: the request waits for the next
// secret, and no operation ends.
func TestAFileThatIsBeingWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	c := auth.Bearer("jobs", auth.Secret{File: file})
	_, err := applied(t, c)
	require.True(t, isCredentialError(err), "there never was one: %v", err)

	write(t, file, "one")
	refused, err := applied(t, c)
	require.NoError(t, err)
	for name, away := range map[string]func(){
		"emptied": func() { write(t, file, "") },
		"removed": func() { require.NoError(t, os.Remove(file)) },
	} {
		t.Run(name, func(t *testing.T) {
			away()
			_, err := applied(t, c)
			require.EqualError(t, err, "file "+file+" holds no secret any more")
			require.False(t, isCredentialError(err))
			_, err = c.Refresh(t.Context(), refused)
			require.Error(t, err)
			require.False(t, isCredentialError(err))
			write(t, file, name)
			require.Equal(t, "Bearer "+name, sent(t, c))
		})
	}
}
