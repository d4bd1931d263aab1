package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interruptible gives a context that SIGINT and SIGTERM end, once: the next one ends the program.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil { // cobra has none where it was executed without
		ctx = context.Background()
	}
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}
