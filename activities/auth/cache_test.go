package auth_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/auth"
)

// counter issues 1, 2, 3 and so on, each for an hour and after a second, unless it is
// down.
type counter struct {
	issued atomic.Int64
	down   atomic.Bool
	asked  atomic.Int64
}

func (c *counter) issue(ctx context.Context) (int64, time.Time, error) {
	c.asked.Add(1)
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return 0, time.Time{}, ctx.Err()
	}
	if c.down.Load() {
		return 0, time.Time{}, errDown
	}
	return c.issued.Add(1), time.Now().Add(time.Hour), nil
}

var errDown = errors.New("down")

func TestCacheRenewsBeforeTheExpiryAndInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var issuer counter
		cache := auth.NewCache(issuer.issue)
		get := func() int64 {
			v, err := cache.Get(t.Context())
			require.NoError(t, err)
			return v
		}
		require.EqualValues(t, 1, get())
		time.Sleep(44 * time.Minute)
		require.EqualValues(t, 1, get())
		time.Sleep(2 * time.Minute)
		before := time.Now()
		require.EqualValues(t, 1, get())
		require.Equal(t, before, time.Now(), "nobody waits for a renewal in time")
		time.Sleep(2 * time.Second)
		require.EqualValues(t, 2, get())
		require.EqualValues(t, 2, issuer.asked.Load())
	})
}

func TestCacheWhileTheIssuerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var issuer counter
		cache := auth.NewCache(issuer.issue)
		_, err := cache.Get(t.Context())
		require.NoError(t, err)
		issuer.down.Store(true)
		time.Sleep(59 * time.Minute)
		for range 100 {
			v, err := cache.Get(t.Context())
			require.NoError(t, err, "what is held is good until it expires")
			require.EqualValues(t, 1, v)
			time.Sleep(10 * time.Millisecond)
		}
		require.LessOrEqual(t, issuer.asked.Load(), int64(2), "not once for each request")
		time.Sleep(2 * time.Minute)
		_, err = cache.Get(t.Context())
		require.ErrorIs(t, err, errDown)
		_, err = cache.Get(t.Context())
		require.ErrorIs(t, err, errDown, "the answer holds for a second")
		require.LessOrEqual(t, issuer.asked.Load(), int64(3))
		issuer.down.Store(false)
		time.Sleep(time.Second)
		v, err := cache.Get(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 2, v)
	})
}

func TestCacheAsksOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var issuer counter
		cache := auth.NewCache(issuer.issue)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				v, err := cache.Get(t.Context())
				if err != nil || v != 1 {
					t.Errorf("got %d, %v", v, err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, issuer.asked.Load())

		var changed atomic.Int64
		for range 50 { // all refused with the first
			wg.Go(func() {
				if ok, err := cache.Refresh(t.Context(), func(v int64) bool { return v == 1 }); ok && err == nil {
					changed.Add(1)
				}
			})
		}
		wg.Wait()
		late, err := cache.Refresh(t.Context(), func(v int64) bool { return v == 1 })
		require.NoError(t, err)
		require.True(t, late, "the second is there already")
		require.EqualValues(t, 2, issuer.asked.Load())
		require.EqualValues(t, 50, changed.Load())
	})
}

func TestWhoGivesUpLeavesTheOthersTheirAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var issuer counter
		cache := auth.NewCache(issuer.issue)
		impatient, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, errors.New("enough"))
		defer cancel()
		_, err := cache.Get(impatient)
		require.EqualError(t, err, "enough")
		v, err := cache.Get(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, v)
		require.EqualValues(t, 1, issuer.asked.Load())
	})
}

func TestAServiceThatRefusesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var issuer counter
		cache := auth.NewCache(issuer.issue)
		for range 1000 {
			_, err := cache.Get(t.Context())
			require.NoError(t, err)
			_, err = cache.Refresh(t.Context(), func(int64) bool { return true })
			require.NoError(t, err)
		}
		require.LessOrEqual(t, issuer.asked.Load(), int64(7))
	})
}

// What was refused is only final where the issuer gave nothing else: not where it could not
// be asked.
func TestARefusalWhileTheIssuerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var issuer counter
		cache := auth.NewCache(issuer.issue)
		_, err := cache.Get(t.Context())
		require.NoError(t, err)
		issuer.down.Store(true)
		for range 100 {
			_, err := cache.Refresh(t.Context(), func(v int64) bool { return v == 1 })
			require.ErrorIs(t, err, errDown)
			time.Sleep(time.Second)
		}
		issuer.down.Store(false)
		time.Sleep(10 * time.Second)
		changed, err := cache.Refresh(t.Context(), func(v int64) bool { return v == 1 })
		require.NoError(t, err)
		require.True(t, changed)
	})
}

func TestCacheWithoutAnExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var issued int
		cache := auth.NewCache(func(context.Context) (string, time.Time, error) {
			issued++
			return strconv.Itoa(issued), time.Time{}, nil
		})
		for i := range 3 {
			v, err := cache.Get(t.Context())
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(i+1), v)
			time.Sleep(10*time.Minute + time.Second)
			_, err = cache.Get(t.Context()) // has it renewed
			require.NoError(t, err)
			synctest.Wait()
		}
	})
}

func TestAnIssuerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := auth.NewCache(func(ctx context.Context) (int, time.Time, error) {
			<-ctx.Done()
			return 0, time.Time{}, ctx.Err()
		})
		before := time.Now()
		_, err := cache.Get(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 30*time.Second, time.Since(before))
	})
}
