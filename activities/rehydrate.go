package activities

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/rehydration"
	"github.com/perdure-dev/perdure/tokens"
)

// Rehydrate is perdure.rehydrate.v1: it verifies a token for those who have no keyset, and
// takes up what it names. It ends as InvalidToken, the perdure.TokenRefusal in its
// details, where the token is refused; nothing was looked for or started then.
func (a *Activities) Rehydrate(ctx context.Context, raw perdure.RawInput) (*perdure.Rehydrated, error) {
	var in perdure.RehydrateInput
	if err := perdure.Decode(raw, &in); err != nil {
		return nil, notRehydrated(err)
	}
	if err := in.Check(); err != nil {
		return nil, notRehydrated(err)
	}
	header, err := a.verify(in)
	if err != nil {
		a.metrics.tokenRefused(err)
		return nil, notRehydrated(err)
	}
	found, err := a.TakeUp(ctx, in, header)
	if err != nil {
		return nil, notRehydrated(err)
	}
	return &found, nil
}

// verify gives the header of the token, once it is authenticated and what was asked for.
func (a *Activities) verify(in perdure.RehydrateInput) (tokens.Header, error) {
	token, err := tokens.Parse(in.Token)
	if err != nil {
		return tokens.Header{}, err
	}
	opened, err := a.Keyset.Open(token, tokens.Expect{
		Kind: tokens.Kind(cmp.Or(in.Kind, perdure.KindOperation)), Type: in.Type, Audience: in.Audience, Service: in.Service,
		Lifetime: a.TokenLifetime, Now: time.Now(),
	})
	if err != nil {
		return tokens.Header{}, err
	}
	return opened.Header, a.checkService(opened.Header.Service)
}

func (a *Activities) takeUp(ctx context.Context, in perdure.RehydrateInput, h tokens.Header) (perdure.Rehydrated, error) {
	info := activity.GetInfo(ctx)
	engine := &rehydration.Engine{
		Temporal: activity.GetClient(ctx), Namespace: info.Namespace, TaskQueue: info.TaskQueue, DataConverter: a.DataConverter,
	}
	if h.Kind == tokens.KindPage { // each use is a fetch of its own
		// The same for each try of this activity, so that none starts a second one.
		return engine.StartCollection(ctx, "perdure-"+info.WorkflowExecution.RunID+"-"+info.ActivityID, in)
	}
	return engine.TakeUp(ctx, in.Token, h)
}

// notRehydrated is why a token is not taken up: final, or, where Temporal could not be
// asked, worth another try.
func notRehydrated(err error) error {
	if reason := tokens.Reason(err); reason != "" {
		return final(perdure.ErrorInvalidToken, err, perdure.TokenRefusal{Reason: reason})
	}
	if errors.Is(err, rehydration.ErrNoWorkflow) {
		return final(perdure.ErrorInvalidToken, err)
	}
	if _, taken := errors.AsType[*rehydration.ConflictError](err); taken {
		return final(perdure.ErrorIDConflict, err)
	}
	if _, bad := errors.AsType[*perdure.InputError](err); bad {
		return final(perdure.ErrorInvalidInput, err)
	}
	return err
}

func final(errorType string, err error, details ...any) error {
	return temporal.NewApplicationErrorWithOptions(perdure.Reason(err), errorType, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: details, Category: temporal.ApplicationErrorCategoryBenign,
	})
}
