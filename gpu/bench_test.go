package gpu

import (
	"fmt"
	"testing"
)

// benchBatch records dispatches of a kernel that does next to nothing, on a buffer of 4 KiB.
func benchBatch(b *testing.B, dispatches int) (*Batch, *Buffer) {
	b.Helper()
	d := openDevice(b)
	buffer := newBuffer(b, d, "b", make([]uint32, 1024)...)
	g := newGroup(b, d, source("increment", "b0[0] = b0[0] + 1u;", 1), buffer)
	batch := d.NewBatch()
	for range dispatches {
		batch.Dispatch(g, 1, 1, 1)
	}
	return batch, buffer
}

// loop times what is done again and again, once it was done for the first time.
func loop(b *testing.B, f func() error) {
	b.Helper()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun submits a batch again and waits for it.
func BenchmarkRun(b *testing.B) {
	for _, n := range []int{0, 1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			batch, _ := benchBatch(b, n)
			loop(b, func() error { return batch.Run(b.Context()) })
		})
	}
}

// BenchmarkSubmit submits a batch again; only the last one is waited for.
func BenchmarkSubmit(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			batch, buffer := benchBatch(b, n)
			loop(b, func() error { _, err := batch.Submit(); return err })
			readBack(b, buffer)
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	_, buffer := benchBatch(b, 0)
	data := make([]byte, 4096)
	loop(b, func() error { return buffer.Write(0, data) })
}

func BenchmarkRead(b *testing.B) {
	_, buffer := benchBatch(b, 0)
	data := make([]byte, 4096)
	loop(b, func() error { return buffer.Read(b.Context(), 0, data) })
}

// BenchmarkRunAndRead is what a layer does that gives its output to the host.
func BenchmarkRunAndRead(b *testing.B) {
	batch, buffer := benchBatch(b, 1)
	data := make([]byte, 4096)
	loop(b, func() error {
		if err := batch.Run(b.Context()); err != nil {
			return err
		}
		return buffer.Read(b.Context(), 0, data)
	})
}
