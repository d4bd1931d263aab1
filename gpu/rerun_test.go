package gpu

import "testing"

// increment adds 1 to the first number of a buffer.
func increment() KernelSource { return source("increment", "b0[0] = b0[0] + 1u;", 1) }

func TestABatchGrowsBetweenSubmissions(t *testing.T) {
	d := openDevice(t)
	a, b := newBuffer(t, d, "a", 0), newBuffer(t, d, "b", 0)
	batch := d.NewBatch()
	runs := func() {
		t.Helper()
		for range 2 { // the second time with what the first one kept
			if err := batch.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	runs()
	batch.Dispatch(newGroup(t, d, increment(), a), 1, 1, 1)
	runs()
	wantData(t, a, 2)
	batch.Copy(b, 0, a, 0, 4)
	runs()
	wantData(t, b, 4)
	batch.Dispatch(newGroup(t, d, increment(), b), 1, 1, 1)
	runs()
	wantData(t, a, 6)
	wantData(t, b, 7)
}

// What was right in one submission is not right for ever.
func TestClosingBetweenSubmissions(t *testing.T) {
	d := openDevice(t)
	one := source("one", "b0[0] = 1u;", 1)
	for name, closed := range map[string]func(g *BindGroup, bound, src, dst *Buffer){
		"the bind group":    func(g *BindGroup, _, _, _ *Buffer) { g.Close() },
		"its buffer":        func(_ *BindGroup, b, _, _ *Buffer) { b.Close() },
		"a copy's source":   func(_ *BindGroup, _, b, _ *Buffer) { b.Close() },
		"where a copy goes": func(_ *BindGroup, _, _, b *Buffer) { b.Close() },
	} {
		bound, src, dst := newBuffer(t, d, "bound", 0), newBuffer(t, d, "src", 2), newBuffer(t, d, "dst", 0)
		g := newGroup(t, d, one, bound)
		batch := d.NewBatch()
		batch.Dispatch(g, 1, 1, 1)
		batch.Copy(dst, 0, src, 0, 4)
		newBuffer(t, d, "another", 0).Close() // which the batch does not concern
		for range 2 {
			if err := batch.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		closed(g, bound, src, dst)
		for range 2 {
			t.Run(name, func(t *testing.T) { wantError(t, batch.Run(t.Context()), ErrClosed) })
		}
	}
}

// recordings counts how often a driver translates.
type recordings struct {
	driver
	n int
}

func (r *recordings) record(commands []command) recording {
	r.n++
	return r.driver.record(commands)
}

func TestABatchIsTranslatedOnce(t *testing.T) {
	d := openDevice(t)
	count := &recordings{driver: d.drv}
	d.drv = count
	b := newBuffer(t, d, "b", 0)
	batch := d.NewBatch()
	for want := range 3 {
		for range 3 {
			if err := batch.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			newBuffer(t, d, "another", 0).Close() // asks for a check, not for a translation
		}
		if count.n != want {
			t.Errorf("%d steps were translated %d times", want, count.n)
		}
		batch.Dispatch(newGroup(t, d, increment(), b), 1, 1, 1)
	}
	wantData(t, b, 3+6)
}

// A step must cost no allocation when its batch is submitted again.
func TestResubmissionAllocatesNothingForAStep(t *testing.T) {
	d := openDevice(t)
	b := newBuffer(t, d, "b", 0)
	g := newGroup(t, d, increment(), b)
	allocations := func(dispatches int) float64 {
		batch := d.NewBatch()
		for range dispatches {
			batch.Dispatch(g, 1, 1, 1)
		}
		n := testing.AllocsPerRun(20, func() { must[*Submission](t)(batch.Submit()) })
		readBack(t, b)
		return n
	}
	if one, many := allocations(1), allocations(200); many > one+20 {
		t.Errorf("submitting 200 dispatches again takes %v allocations, one takes %v", many, one)
	}
}

func TestRunRead(t *testing.T) {
	d := openDevice(t)
	b, other := newBuffer(t, d, "b", 5, 6), newBuffer(t, d, "other", 7, 8)
	batch := d.NewBatch()
	batch.Dispatch(newGroup(t, d, increment(), b), 1, 1, 1)
	got := make([]uint32, 2)
	for i := range uint32(3) {
		before := d.Stats().Submissions
		if err := batch.RunRead(t.Context(), b, 0, Bytes(got)); err != nil {
			t.Fatal(err)
		}
		if got[0] != 6+i || got[1] != 6 {
			t.Errorf("run %d reads %v, want %d, 6", i, got, 6+i)
		}
		if n := d.Stats().Submissions - before; n != 1 {
			t.Errorf("running and reading took %d submissions", n)
		}
	}
	if err := batch.RunRead(t.Context(), other, 4, Bytes(got[:1])); err != nil || got[0] != 8 {
		t.Errorf("reading what the batch leaves alone: %d, %v", got[0], err)
	}
	if err := batch.RunRead(t.Context(), b, 0, nil); err != nil {
		t.Errorf("reading nothing: %v", err)
	}
	batch.Copy(b, 4, other, 0, 4)
	if err := batch.RunRead(t.Context(), b, 4, Bytes(got[:1])); err != nil || got[0] != 7 {
		t.Errorf("reading what a copy wrote: %d, %v", got[0], err)
	}
	wantData(t, b, 11, 7)
}

func TestRunReadMisuse(t *testing.T) {
	d, other := openDevice(t), openDevice(t)
	b, foreign := newBuffer(t, d, "b", 1, 2), newBuffer(t, other, "foreign", 1)
	closed := newBuffer(t, d, "closed", 1)
	batch, orphan := d.NewBatch(), d.NewBatch()
	batch.Dispatch(newGroup(t, d, increment(), b), 1, 1, 1)
	orphan.Dispatch(newGroup(t, d, increment(), closed), 1, 1, 1)
	closed.Close()
	before := d.Stats().Submissions
	wantError(t, batch.RunRead(t.Context(), nil, 0, make([]byte, 4)), ErrMisuse)
	wantError(t, batch.RunRead(t.Context(), &Buffer{}, 0, make([]byte, 4)), ErrMisuse)
	wantError(t, batch.RunRead(t.Context(), foreign, 0, make([]byte, 4)), ErrMisuse)
	wantError(t, batch.RunRead(t.Context(), closed, 0, make([]byte, 4)), ErrClosed)
	wantError(t, batch.RunRead(t.Context(), b, 4, make([]byte, 8)), ErrMisuse)
	wantError(t, batch.RunRead(t.Context(), b, 1, make([]byte, 4)), ErrMisuse)
	wantError(t, batch.RunRead(t.Context(), b, 0, make([]byte, 3)), ErrMisuse)
	wantError(t, orphan.RunRead(t.Context(), b, 0, make([]byte, 4)), ErrClosed)
	wantError(t, orphan.RunRead(t.Context(), b, 0, nil), ErrClosed)
	wantError(t, new(Batch).RunRead(t.Context(), b, 0, make([]byte, 4)), ErrMisuse)
	wantError(t, new(Batch).RunRead(t.Context(), nil, 0, make([]byte, 4)), ErrMisuse)
	if n := d.Stats().Submissions; n != before {
		t.Errorf("what was refused sent %d submissions", n-before)
	}
	wantData(t, b, 1, 2)
}

func TestStats(t *testing.T) {
	d := openDevice(t)
	want := func(what string, want Stats) {
		t.Helper()
		if got := d.Stats(); got != want {
			t.Fatalf("%s: %+v, want %+v", what, got, want)
		}
	}
	want("a new device", Stats{})
	b := newBuffer(t, d, "b", 1)
	g := newGroup(t, d, increment(), b)
	want("a buffer, a kernel and a bind group", Stats{Buffers: 1, BindGroups: 1, Kernels: 1})
	again := newGroup(t, d, increment(), b)
	want("another bind group of the same kernel", Stats{Buffers: 1, BindGroups: 2, Kernels: 1})
	again.Close()
	run(t, d, g)
	want("closing subtracts nothing", Stats{Buffers: 1, BindGroups: 2, Kernels: 1, Submissions: 1})
	wantData(t, b, 2)
	want("a first read makes memory to read through", Stats{Buffers: 2, BindGroups: 2, Kernels: 1, Submissions: 2})
	wantData(t, b, 2)
	want("a second one does not", Stats{Buffers: 2, BindGroups: 2, Kernels: 1, Submissions: 3})
	if _, err := d.NewBuffer("odd", 3, Storage); err == nil {
		t.Error("a buffer of 3 bytes")
	}
	if _, err := d.Kernel(source("wrong", "let", 1)); err == nil {
		t.Error("a kernel that does not compile")
	}
	want("what failed was not made", Stats{Buffers: 2, BindGroups: 2, Kernels: 1, Submissions: 3})
	for _, f := range []func() error{g.Close, b.Close, d.Close} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	want("a closed device remembers", Stats{Buffers: 2, BindGroups: 2, Kernels: 1, Submissions: 3})
	if (*Device)(nil).Stats() != (Stats{}) {
		t.Error("no device made something")
	}
}
