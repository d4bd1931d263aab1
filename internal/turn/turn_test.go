package turn_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gpuconv/gpuconv/internal/turn"
)

// TestOneAtATime counts with a lock from many goroutines.
func TestOneAtATime(t *testing.T) {
	var l turn.Lock
	var all sync.WaitGroup
	count := 0
	for range 8 {
		all.Go(func() {
			for range 1000 {
				l.Lock()
				count++
				l.Unlock()
			}
		})
	}
	if all.Wait(); count != 8000 {
		t.Errorf("counted %d, must be 8000", count)
	}
}

// TestEnds holds that waiting ends with its context, and that the lock is as it was.
func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l turn.Lock
		l.Lock()
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error)
		go func() { waited <- l.LockFor(ctx) }()
		synctest.Wait() // until it waits: a context that ended before would be seen at once
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, must be that of the context", err)
		}
		l.Unlock()
		if err := l.LockFor(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended takes the lock, error %v", err)
		}
		if err := l.LockFor(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
