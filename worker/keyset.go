package worker

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/perdure-dev/perdure/tokens"
)

// keysetEvery is how often the worker looks after the token keys.
const keysetEvery = time.Second

// tellOfKeys logs when the keyset's file has brought other keys, and when it cannot be
// read: the worker goes on with those that it has.
func tellOfKeys(ctx context.Context, keys *tokens.Keyset, logger *slog.Logger) {
	tick := time.NewTicker(keysetEvery)
	defer tick.Stop()
	was, trouble := keys.Keys(), ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := keys.Reload(); err == nil {
			trouble = ""
		} else if err.Error() != trouble {
			trouble = err.Error()
			logger.Warn("the token keys cannot be read again; the worker goes on with those that it has", "error", trouble)
		}
		if is := keys.Keys(); !slices.Equal(is, was) {
			was = is
			logger.Info("the token keys have changed", "keys", is)
		}
	}
}
