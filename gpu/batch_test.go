package gpu

import (
	"testing"
	"time"
)

func TestBatchKeepsOrder(t *testing.T) {
	d := openDevice(t)
	a, b := newBuffer(t, d, "a", 1, 0), newBuffer(t, d, "b", 0, 0)
	double := newGroup(t, d, source("double", "b0[0] = b0[0] * 2u;", 1), a)
	increment := newGroup(t, d, source("increment", "b0[0] = b0[0] + 1u;", 1), a)
	onB := newGroup(t, d, source("double", "b0[0] = b0[0] * 2u;", 1), b)
	batch := d.NewBatch()
	batch.Dispatch(increment, 1, 1, 1) // 2
	batch.Dispatch(double, 1, 1, 1)    // 4
	batch.Dispatch(increment, 1, 1, 1) // 5
	batch.Copy(b, 0, a, 0, 4)          // b is 5
	batch.Dispatch(onB, 1, 1, 1)       // b is 10
	batch.Dispatch(double, 1, 1, 1)    // a is 10
	batch.Copy(a, 4, b, 0, 4)
	if err := batch.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantData(t, a, 10, 10)
	wantData(t, b, 10, 0)
	if err := batch.Run(t.Context()); err != nil { // once more: a is 11, 22, 23; b is 23, 46; a is 46
		t.Fatal(err)
	}
	wantData(t, a, 46, 46)
}

func TestWritesComeBetweenBatches(t *testing.T) {
	d := openDevice(t)
	b := newBuffer(t, d, "b", 1)
	double := newGroup(t, d, source("double", "b0[0] = b0[0] * 2u;", 1), b)
	for i := range uint32(50) {
		if err := b.Write(0, Bytes([]uint32{i})); err != nil {
			t.Fatal(err)
		}
		batch := d.NewBatch()
		batch.Dispatch(double, 1, 1, 1)
		must[*Submission](t)(batch.Submit()) // nobody waits but the read
		wantData(t, b, 2*i)
	}
}

func TestGridAndWaiting(t *testing.T) {
	d := openDevice(t)
	b := newBuffer(t, d, "b", make([]uint32, 24)...)
	g := newGroup(t, d, source("grid", "b0[id.x + 2u * (id.y + 3u * id.z)] = 100u * id.x + 10u * id.y + id.z;", 1), b)
	batch := d.NewBatch()
	batch.Dispatch(g, 2, 3, 4)
	s := must[*Submission](t)(batch.Submit())
	answers := make(chan error)
	for range 4 { // from several goroutines, and again
		go func() { answers <- s.Wait(t.Context()) }()
	}
	for range 4 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if err := s.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	for i, v := range readBack(t, b) {
		if want := uint32(100*(i%2) + 10*(i/2%3) + i/6); v != want {
			t.Errorf("at %d: %d, want %d", i, v, want)
		}
	}
	if err := d.NewBatch().Run(t.Context()); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
}

func TestCloseAfterSubmitIsSafe(t *testing.T) {
	d := openDevice(t)
	kept := newBuffer(t, d, "kept", 0)
	for range 20 {
		b := must[*Buffer](t)(d.NewBuffer("b", 16, Storage))
		if err := b.Write(0, Bytes([]uint32{3, 1 << 12, spinTail[0], spinTail[1]})); err != nil {
			t.Fatal(err)
		}
		g := must[*BindGroup](t)(must[*Kernel](t)(d.Kernel(spin())).Bind(Binding{Buffer: b}))
		batch := d.NewBatch()
		batch.Dispatch(g, 1, 1, 1)
		batch.Copy(kept, 0, b, 0, 4)
		s := must[*Submission](t)(batch.Submit())
		b.Close()
		g.Close()
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantData(t, kept, spun(3, spinSteps<<12))
}

func TestKernelIsCompiledOnce(t *testing.T) {
	d := openDevice(t)
	one := source("one", "b0[0] = 1u;", 1)
	k := must[*Kernel](t)(d.Kernel(one))
	one.Name = "another name"
	if again := must[*Kernel](t)(d.Kernel(one)); again != k {
		t.Error("the same text was compiled twice")
	}
	two := source("two", "b0[0] = 2u;", 1)
	readOnly := source("one", "", 1)
	readOnly.Bindings[0] = ReadOnly
	readOnly.WGSL = "@group(0) @binding(0) var<storage, read> b0: array<u32>;\n@compute @workgroup_size(1) fn " +
		"main() { _ = b0[0]; }\n@compute @workgroup_size(1) fn other() {}\n"
	other := readOnly
	other.Entry = "other"
	for i, s := range []KernelSource{two, readOnly, other} {
		if must[*Kernel](t)(d.Kernel(s)) == k || d.Live().Kernels != 2+i {
			t.Errorf("variant %d: %d kernels", i, d.Live().Kernels)
		}
	}
	if g := newGroup(t, d, two, newBuffer(t, d, "b", 0)); g.kernel == k {
		t.Error("another variant's kernel")
	}
}

func TestReadingKeepsStaging(t *testing.T) {
	d := openDevice(t)
	b := newBuffer(t, d, "b", make([]uint32, 1<<14)...)
	read := func(bytes int) {
		t.Helper()
		if err := b.Read(t.Context(), 0, make([]byte, bytes)); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		read(1024)
		if n := d.Live().Staging; n != 1 {
			t.Fatalf("%d staging buffers after reading one size", n)
		}
	}
	read(512) // fits in the same
	if n := d.Live().Staging; n != 1 {
		t.Errorf("%d staging buffers, the one there was sufficed", n)
	}
	for shift := 11; shift < 17; shift++ {
		read(1 << shift)
	}
	if n := d.Live().Staging; n != maxStaging {
		t.Errorf("%d staging buffers, want %d", n, maxStaging)
	}
	for i, s := range d.staging {
		if s.size != 1<<(13+i) {
			t.Errorf("kept %d bytes at %d: not the largest ones in order", s.size, i)
		}
	}
}

func TestTimedBatch(t *testing.T) {
	d := openDevice(t)
	if !d.Info().HasFeature(FeatureTimestamps) {
		b := d.NewTimedBatch()
		b.Dispatch(newGroup(t, d, spin(), newSpinner(t, d, 1, 1)), 1, 1, 1)
		_, err := b.Submit()
		wantError(t, err, ErrLimit)
		return
	}
	few, many := newSpinner(t, d, 1, 1<<11), newSpinner(t, d, 1, 20<<11)
	batch := d.NewTimedBatch()
	batch.Dispatch(newGroup(t, d, spin(), few), 1, 1, 1)
	batch.Copy(few, 4, sameCount(t, d), 0, 4) // copies have no times of their own
	batch.Dispatch(newGroup(t, d, spin(), many), 1, 1, 1)
	for range 3 {
		raw := must[[]uint64](t)(must[*Submission](t)(batch.Submit()).rawTicks(t.Context()))
		if len(raw) != 4 || raw[0] == 0 || raw[0] >= raw[1] || raw[1] > raw[2] || raw[2] >= raw[3] {
			t.Errorf("ticks %v: must be the begin and end of two dispatches, one after the other", raw)
		}
		s := must[*Submission](t)(batch.Submit())
		if times := must[[]time.Duration](t)(s.Times(t.Context())); len(times) != 2 || times[0] <= 0 || times[1] <= 0 {
			t.Errorf("times %v, must be two", times)
		}
		_, err := s.Times(t.Context())
		wantError(t, err, ErrClosed)
		if err := s.Wait(t.Context()); err != nil {
			t.Errorf("waiting after Times: %v", err)
		}
	}
	if n := d.Live().Buffers; n != 3 {
		t.Errorf("%d buffers are open, Times frees its own", n)
	}
	wantTotal(t, d, newGroup(t, d, spin(), few), newGroup(t, d, spin(), many))
}

// wantTotal holds that a batch which is measured together has one time, with a copy behind its dispatches too.
func wantTotal(t *testing.T, d *Device, groups ...*BindGroup) {
	t.Helper()
	batch := d.NewTotalBatch()
	for _, g := range groups {
		batch.Dispatch(g, 1, 1, 1)
	}
	for range 2 {
		raw := must[[]uint64](t)(must[*Submission](t)(batch.Submit()).rawTicks(t.Context()))
		if len(raw) != 2 || raw[0] == 0 || raw[0] >= raw[1] {
			t.Errorf("ticks %v: must be the begin and the end of both dispatches", raw)
		}
		batch.Copy(newBuffer(t, d, "to", 4), 0, sameCount(t, d), 0, 4)
	}
}

// sameCount holds the count that it is copied over, so that the copy changes nothing.
func sameCount(t *testing.T, d *Device) *Buffer { return newBuffer(t, d, "count", 1<<11) }
