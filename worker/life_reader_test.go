package worker_test

import (
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// dailyReader reads a collection a page a day. It asks for one as package starter does:
// for a minute, and then again.
type dailyReader struct {
	t     *testing.T
	life  *life
	next  time.Time // when it wants the next page
	pages []dailyPage
}

// dailyPage is a page as it was read.
type dailyPage struct {
	perdure.Page
	at time.Time
	// own and next are of its tokens; nil: it has none.
	own, next *tokens.Header
	sealing   uint32 // the key that seals at that time
}

// read reads on in a run.
func (d *dailyReader) read(ctx workflow.Context, r *lifeRun) {
	for {
		if err := workflow.Sleep(ctx, d.next.Sub(workflow.Now(ctx))); err != nil {
			return
		}
		if d.await(ctx, r) > len(d.pages) {
			d.take(workflow.Now(ctx))
		} else {
			d.next = workflow.Now(ctx).Add(time.Second)
		}
	}
}

// await asks for the next page, and gives how many there are.
func (d *dailyReader) await(ctx workflow.Context, r *lifeRun) (pages int) {
	minute, answered := time.Minute.Seconds(), false
	r.env.UpdateWorkflow(perdure.UpdateWait, "", &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { panic(err) },
		OnComplete: func(result any, err error) {
			status, ok := result.(perdure.CollectionStatus)
			if err != nil || !ok {
				panic(err)
			}
			pages, answered = status.Pages, true
		},
	}, perdure.WaitRequest{Index: len(d.pages), WaitSeconds: &minute})
	_ = workflow.Await(ctx, func() bool { return answered })
	return pages
}

// take reads the next page, and wants the one after it a day later.
func (d *dailyReader) take(now time.Time) {
	p := dailyPage{at: now}
	if err := d.life.read(perdure.QueryPage, perdure.PageRequest{Index: len(d.pages)}, &p.Page); err != nil {
		panic(err) // fails the workflow
	}
	p.own, p.next = d.header(p.PageToken, now), d.header(p.NextPageToken, now)
	p.sealing = d.life.keyring(d.t).PrimaryKeyID()
	d.pages = append(d.pages, p)
	d.next = now.Add(day)
}

func (d *dailyReader) header(token string, now time.Time) *tokens.Header {
	if token == "" {
		return nil
	}
	h := d.life.open(d.t, token, tokens.Expect{Kind: tokens.KindPage, Lifetime: 30 * day, Now: now})
	return &h
}
