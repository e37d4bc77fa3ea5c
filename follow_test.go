package perdure_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestFollowInputCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		in   perdure.FollowInput
		want string // the field
	}{
		{"the least", perdure.FollowInput{Stream: "chats/7"}, ""},
		{"gathering nothing", perdure.FollowInput{Stream: "chats/7", GatherSeconds: new(0.0)}, ""},
		{"no stream", perdure.FollowInput{}, "stream"},
		{"negative offset", perdure.FollowInput{Stream: "chats/7", Offset: -1}, "offset"},
		{"negative wait", perdure.FollowInput{Stream: "chats/7", WaitSeconds: -1}, "waitSeconds"},
		{"gathering for long", perdure.FollowInput{Stream: "chats/7", GatherSeconds: new(61.0)}, "gatherSeconds"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.in.Check()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			var wrong *perdure.InputError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, test.want, wrong.Field)
		})
	}
}
