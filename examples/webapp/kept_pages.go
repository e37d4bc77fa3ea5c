package webapp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// KeptItems are items whose pages are kept in a cache, so that who goes back and forth,
// or reloads, does not trouble the service each time.
//
// A page is kept under the user's id and a digest of its token: a user finds only what
// was fetched for that user, and whether a token is the user's was asked before. What is
// kept is the user's, tokens included: a shared cache is to be guarded like the rest.
type KeptItems struct {
	Items

	Cache Cache
	// For is how long a page is kept.
	For time.Duration
	// Logger is told when the cache does not answer. That is no reason to show nothing.
	Logger *slog.Logger
}

// Page implements [Items].
func (k KeptItems) Page(ctx context.Context, user User, token tokens.Token) (*starter.Page[Item], error) {
	key := pageKey(user, token)
	if page := k.kept(ctx, key); page != nil {
		return page, nil
	}
	page, err := k.Items.Page(ctx, user, token)
	if err == nil {
		k.keep(ctx, key, page)
	}
	return page, err
}

func pageKey(user User, token tokens.Token) string {
	digest := sha256.Sum256([]byte(token.Text()))
	return "catalogue:page:" + user.ID + ":" + hex.EncodeToString(digest[:])
}

// kept is a page in the cache; nil: there is none.
func (k KeptItems) kept(ctx context.Context, key string) *starter.Page[Item] {
	raw, found, err := k.Cache.Get(ctx, key)
	if err != nil {
		k.Logger.WarnContext(ctx, "the cache does not answer", "error", err)
	}
	if err != nil || !found {
		return nil
	}
	var page starter.Page[Item]
	if err := json.Unmarshal(raw, &page); err != nil {
		k.Logger.WarnContext(ctx, "the cache has something else", "error", err)
		return nil
	}
	return &page
}

func (k KeptItems) keep(ctx context.Context, key string, page *starter.Page[Item]) {
	slim := *page
	slim.Response = nil // nobody here reads it
	raw, err := json.Marshal(slim)
	if err == nil {
		err = k.Cache.Set(ctx, key, raw, k.For)
	}
	if err != nil {
		k.Logger.WarnContext(ctx, "a page was not kept", "error", err)
	}
}
