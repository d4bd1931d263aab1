package gpu

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// A wait adds no more than a tenth to what lasts a millisecond, and costs few looks.
func TestPauses(t *testing.T) {
	if pause(0) != 0 || looking(0) == 0 {
		t.Error("a wait that begins must look without a pause")
	}
	looks := 0
	for waited := spinFor; waited < 10*time.Second; looks++ {
		p := pause(waited)
		if p <= 0 || p > waited/10 {
			t.Fatalf("a pause of %v after %v", p, waited)
		}
		if looking(waited) != 0 {
			t.Fatalf("a look after %v keeps others waiting", waited)
		}
		waited += p
	}
	if looks > 3000 {
		t.Errorf("%d looks in ten seconds", looks)
	}
}

// One goroutine that waits leaves the device to others.
func TestOthersWorkDuringAWait(t *testing.T) {
	d := openDevice(t)
	spinner, b := newSpinner(t, d, 1, 60000), newBuffer(t, d, "b", 0)
	g := newGroup(t, d, spin(), spinner)
	small := newGroup(t, d, increment(), b)
	batch := d.NewBatch()
	for range 40 { // about half a second
		batch.Dispatch(g, 1, 1, 1)
	}
	s := must[*Submission](t)(batch.Submit())
	var over atomic.Bool
	answers := make(chan error)
	for range 4 {
		go func() {
			err := s.Wait(t.Context())
			over.Store(true)
			answers <- err
		}()
	}
	for i := range uint32(20) {
		if err := b.Write(0, Bytes([]uint32{i})); err != nil {
			t.Fatal(err)
		}
	}
	other := d.NewBatch()
	other.Dispatch(small, 1, 1, 1)
	behind := must[*Submission](t)(other.Submit())
	if over.Load() {
		t.Error("writing and submitting took as long as the work that others waited for")
	}
	for range 4 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if err := behind.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	wantData(t, b, 20)
	wantData(t, spinner, spun(1, 40*60000*spinSteps))
}

// TestWaitEnds ends the wait for work that takes a while, in each way to wait, and uses the device afterwards.
func TestWaitEnds(t *testing.T) {
	d := openDevice(t)
	b := newSpinner(t, d, 1, 60000)
	slow := d.NewBatch()
	for range 40 { // about half a second
		slow.Dispatch(newGroup(t, d, spin(), b), 1, 1, 1)
	}
	for _, c := range []struct {
		name   string
		second bool // its submission is the second one, which drivers may take only when the first is done
		wait   func(context.Context) error
	}{
		{"Batch.Run", false, slow.Run},
		{"Batch.RunRead", false, func(ctx context.Context) error { return slow.RunRead(ctx, b, 0, make([]byte, 4)) }},
		{"Buffer.Read", true, func(ctx context.Context) error {
			if _, err := slow.Submit(); err != nil {
				t.Fatal(err)
			}
			return b.Read(ctx, 0, make([]byte, 4))
		}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Millisecond, cancel)
		if err := c.wait(ctx); !errors.Is(err, context.Canceled) && !(c.second && err == nil) {
			t.Errorf("%s of work that goes on: %v, must be %v", c.name, err, context.Canceled)
		}
		<-ctx.Done()
		if err := c.wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after the end: %v, must be %v", c.name, err, context.Canceled)
		}
		if err := c.wait(t.Context()); err != nil {
			t.Errorf("%s after a wait that ended: %v", c.name, err)
		}
	}
}
