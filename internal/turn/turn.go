// Package turn has a lock that is waited for until a context ends.
package turn

import (
	"context"
	"sync"
)

// Lock is a lock of one holder at a time; the zero Lock is free. It must not be copied once it is used.
type Lock struct {
	made sync.Once
	free chan struct{}
}

// LockFor takes the lock, or gives the context's error where that ends first. A context that has ended takes none.
func (l *Lock) LockFor(ctx context.Context) error {
	l.made.Do(func() { l.free = make(chan struct{}, 1) })
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.free <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Lock takes the lock, for what takes no time once others are done.
func (l *Lock) Lock() { _ = l.LockFor(context.Background()) }

// Unlock gives the lock back. Its holder calls it, once.
func (l *Lock) Unlock() { <-l.free }
