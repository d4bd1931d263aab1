package gpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/internal/gputest"
)

// Trap 1: wgpu's own waiting gives up after 5 s and reports work as done that is not.
func TestLongWorkIsWaitedFor(t *testing.T) {
	d := openDevice(t)
	const loops = 60000
	b := newSpinner(t, d, 1, loops)
	g := newGroup(t, d, spin(), b)
	x, done := uint32(1), uint64(0)
	submit := func(dispatches int) (took time.Duration) {
		batch := d.NewBatch()
		for range dispatches {
			batch.Dispatch(g, 1, 1, 1)
		}
		begun := time.Now()
		s := must[*Submission](t)(batch.Submit())
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		took = time.Since(begun)
		done += uint64(dispatches) * loops * spinSteps
		wantData(t, b, spun(x, done))
		if late := time.Since(begun) - took; late > max(took/20, 100*time.Millisecond) { // llvmpipe's queue waits, too
			t.Errorf("Wait returned after %v, and then a read took %v: the work was not done", took, late)
		}
		return took
	}
	submit(1)
	const trial = 4
	dispatches := int(trial * 6200 * time.Millisecond / min(submit(trial), submit(trial)))
	took := submit(dispatches)
	for tries := 0; took < 5500*time.Millisecond && tries < 3; tries++ { // the machine was busy when it was measured
		dispatches = int(float64(dispatches) * 6.5 / took.Seconds())
		took = submit(dispatches)
	}
	if took < 5500*time.Millisecond {
		t.Errorf("the work took only %v, which shows nothing", took)
	}
	t.Logf("%d dispatches in one submission: %v", dispatches, took)
}

// Trap 2: callbacks that were given Go's memory.
func TestMappingSurvivesCollection(t *testing.T) {
	d := openDevice(t)
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				nap(0) // in a browser the event loop goes on while all goroutines rest, and not before
				runtime.GC()
				debug.FreeOSMemory()
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	b := newSpinner(t, d, 7, 0)
	g := newGroup(t, d, spin(), b)
	for i := range uint32(200) {
		if err := b.Write(0, Bytes([]uint32{i, 10})); err != nil {
			t.Fatal(err)
		}
		garbage := make([][]byte, 50)
		for k := range garbage {
			garbage[k] = make([]byte, 100+k)
		}
		run(t, d, g)
		wantData(t, b, spun(i, 10*spinSteps), 10)
	}
}

// Trap 3: what a caller may get wrong, and what it must be told.
func TestMisuse(t *testing.T) {
	d, other := openDevice(t), openDevice(t)
	l := d.Limits()
	b, c := newBuffer(t, d, "b", 1, 2, 3, 4), newBuffer(t, d, "c", 1, 2, 3, 4)
	big := newBuffer(t, d, "big", make([]uint32, 4096)...)
	closed, foreign := newBuffer(t, d, "closed", 1, 2), newBuffer(t, other, "foreign", 1, 2)
	uniform := must[*Buffer](t)(d.NewBuffer("uniform", 16, Uniform))
	defer uniform.Close()
	one := source("one", "b0[0] = 1u;", 1)
	k := must[*Kernel](t)(d.Kernel(one))
	pair := must[*Kernel](t)(d.Kernel(source("pair", "b0[0] = b1[0];", 2)))
	mixed := source("mixed", "b0[0] = b1[0];", 2)
	mixed.WGSL = strings.Replace(mixed.WGSL, "read_write> b1", "read> b1", 1)
	mixed.Bindings[1] = ReadOnly
	reader := must[*Kernel](t)(d.Kernel(mixed))
	g, foreignGroup := newGroup(t, d, one, b), newGroup(t, other, one, foreign)
	closedGroup, orphan := newGroup(t, d, one, b), newGroup(t, d, one, closed)
	closed.Close()
	closedGroup.Close()

	err1 := func(_ any, err error) error { return err }
	write := func(b *Buffer, offset uint64, bytes int) error { return b.Write(offset, make([]byte, bytes)) }
	read := func(b *Buffer, offset uint64, bytes int) error {
		return b.Read(t.Context(), offset, make([]byte, bytes))
	}
	bind := func(k *Kernel, bindings ...Binding) error { return err1(k.Bind(bindings...)) }
	dispatch := func(g *BindGroup, x, y, z uint32) error {
		batch := d.NewBatch()
		batch.Dispatch(g, x, y, z)
		return batch.Run(t.Context())
	}
	copying := func(dst *Buffer, to uint64, src *Buffer, from, size uint64) error {
		batch := d.NewBatch()
		batch.Copy(dst, to, src, from, size)
		return batch.Run(t.Context())
	}
	compile := func(change func(*KernelSource)) error {
		s := source("wrong", "b0[0] = 1u;", 1)
		change(&s)
		return err1(d.Kernel(s))
	}
	zeroDevice := &Device{}
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"write to a closed buffer", write(closed, 0, 4), ErrClosed},
		{"write nothing to a closed device", write(&Buffer{dev: zeroDevice}, 0, 0), ErrClosed},
		{"write at an odd offset", write(b, 2, 4), ErrMisuse},
		{"write an odd size", write(b, 0, 6), ErrMisuse},
		{"write past the end", write(b, 12, 8), ErrMisuse},
		{"write behind the end", write(b, 20, 4), ErrMisuse},
		{"write at an offset that overflows", write(b, math.MaxUint64-3, 8), ErrMisuse},
		{"write to no buffer", write(nil, 0, 4), ErrMisuse},
		{"write to a buffer never made", write(&Buffer{}, 0, 4), ErrMisuse},
		{"read a closed buffer", read(closed, 0, 4), ErrClosed},
		{"read an odd size", read(b, 0, 3), ErrMisuse},
		{"read at an odd offset", read(b, 1, 4), ErrMisuse},
		{"read past the end", read(b, 0, 20), ErrMisuse},
		{"read no buffer", read(nil, 0, 4), ErrMisuse},
		{"read a buffer never made", read(&Buffer{}, 0, 4), ErrMisuse},

		{"a buffer of nothing", err1(d.NewBuffer("x", 0, Storage)), ErrMisuse},
		{"a buffer of odd size", err1(d.NewBuffer("x", 7, Storage)), ErrMisuse},
		{"a buffer of a private usage", err1(d.NewBuffer("x", 8, readback)), ErrMisuse},
		{"a buffer of no usage", err1(d.NewBuffer("x", 8, Usage(-1))), ErrMisuse},
		{"a buffer of a device never opened", err1(zeroDevice.NewBuffer("x", 8, Storage)), ErrClosed},
		{"a buffer of no device", err1((*Device)(nil).NewBuffer("x", 8, Storage)), ErrMisuse},

		{"bind a closed buffer", bind(k, Binding{Buffer: closed}), ErrClosed},
		{"bind another device's buffer", bind(k, Binding{Buffer: foreign}), ErrMisuse},
		{"bind no buffer", bind(k, Binding{}), ErrMisuse},
		{"bind a buffer never made", bind(k, Binding{Buffer: &Buffer{}}), ErrMisuse},
		{"bind too few", bind(k), ErrMisuse},
		{"bind too many", bind(k, Binding{Buffer: b}, Binding{Buffer: b}), ErrMisuse},
		{"bind a uniform as storage", bind(k, Binding{Buffer: uniform}), ErrMisuse},
		{"bind at an odd offset", bind(k, Binding{Buffer: b, Offset: 2}), ErrMisuse},
		{"bind at an unaligned offset",
			bind(k, Binding{Buffer: big, Offset: uint64(l.StorageOffsetAlignment) / 2, Size: 4}), ErrMisuse},
		{"bind an odd size", bind(k, Binding{Buffer: b, Size: 6}), ErrMisuse},
		{"bind past the end", bind(k, Binding{Buffer: b, Size: 20}), ErrMisuse},
		{"bind behind the end", bind(k, Binding{Buffer: b, Offset: 16}), ErrMisuse},
		{"bind to no kernel", bind(nil, Binding{Buffer: b}), ErrMisuse},
		{"bind to a kernel never compiled", bind(&Kernel{}, Binding{Buffer: b}), ErrMisuse},
		{"bind one range twice for writing", bind(pair, Binding{Buffer: b}, Binding{Buffer: b}), ErrMisuse},
		{"bind one buffer for reading and writing",
			bind(reader, Binding{Buffer: big, Size: 256}, Binding{Buffer: big, Offset: 4096, Size: 256}), ErrMisuse},

		{"dispatch a closed bind group", dispatch(closedGroup, 1, 1, 1), ErrClosed},
		{"dispatch a bind group of a closed buffer", dispatch(orphan, 1, 1, 1), ErrClosed},
		{"dispatch another device's kernel", dispatch(foreignGroup, 1, 1, 1), ErrMisuse},
		{"dispatch no bind group", dispatch(nil, 1, 1, 1), ErrMisuse},
		{"dispatch a bind group never made", dispatch(&BindGroup{}, 1, 1, 1), ErrMisuse},
		{"dispatch a grid without width", dispatch(g, 0, 1, 1), ErrMisuse},
		{"dispatch a grid without depth", dispatch(g, 1, 1, 0), ErrMisuse},
		{"dispatch too wide a grid", dispatch(g, l.MaxWorkgroupsPerDimension+1, 1, 1), ErrMisuse},
		{"dispatch too high a grid", dispatch(g, 1, math.MaxUint32, 1), ErrMisuse},

		{"copy within a buffer", copying(b, 8, b, 0, 4), ErrMisuse},
		{"copy from a closed buffer", copying(b, 0, closed, 0, 4), ErrClosed},
		{"copy to a closed buffer", copying(closed, 0, b, 0, 4), ErrClosed},
		{"copy from another device's buffer", copying(b, 0, foreign, 0, 4), ErrMisuse},
		{"copy nothing", copying(b, 0, c, 0, 0), ErrMisuse},
		{"copy an odd size", copying(b, 0, c, 0, 5), ErrMisuse},
		{"copy to an odd offset", copying(b, 1, c, 0, 4), ErrMisuse},
		{"copy past the end", copying(b, 8, c, 0, 12), ErrMisuse},
		{"copy from behind the end", copying(b, 0, c, math.MaxUint64-3, 4), ErrMisuse},
		{"copy from no buffer", copying(b, 0, nil, 0, 4), ErrMisuse},
		{"copy between no buffers", copying(nil, 0, nil, 0, 4), ErrMisuse},

		{"an empty entry point", compile(func(s *KernelSource) { s.Entry = "" }), ErrMisuse},
		{"an entry point that is no name", compile(func(s *KernelSource) { s.Entry = "main()" }), ErrMisuse},
		{"an entry point with a NUL", compile(func(s *KernelSource) { s.Entry = "main\x00" }), ErrMisuse},
		{"an entry point that is not there", compile(func(s *KernelSource) { s.Entry = "mai" }), ErrShader},
		{"no text", compile(func(s *KernelSource) { s.WGSL = "" }), ErrShader},
		{"a text with a NUL", compile(func(s *KernelSource) { s.WGSL += "\x00" }), ErrShader},
		{"a text that is not UTF-8", compile(func(s *KernelSource) { s.WGSL += "// \xff" }), ErrShader},
		{"a text that never ends", compile(func(s *KernelSource) { s.WGSL += strings.Repeat(" ", maxText) }),
			ErrShader},
		{"a text that does not parse", compile(func(s *KernelSource) { s.WGSL += "fn" }), ErrShader},
		{"a text with a type error",
			compile(func(s *KernelSource) { s.WGSL = strings.Replace(s.WGSL, "1u", "1.5", 1) }), ErrShader},
		{"a binding that the text lacks", compile(func(s *KernelSource) { s.Bindings = nil }), ErrShader},
		{"a binding of another kind", compile(func(s *KernelSource) { s.Bindings = []BindingKind{ReadOnly} }),
			ErrShader},
		{"a binding of no kind", compile(func(s *KernelSource) { s.Bindings = []BindingKind{9} }), ErrMisuse},
		{"too many bindings",
			compile(func(s *KernelSource) { s.Bindings = make([]BindingKind, l.MaxStorageBuffers+1) }), ErrLimit},
		{"too many uniforms", compile(func(s *KernelSource) {
			for range 2000 {
				s.Bindings = append(s.Bindings, UniformIn)
			}
		}), ErrMisuse},
		{"no threads", compile(func(s *KernelSource) { s.Workgroup[1] = 0 }), ErrMisuse},
		{"too many threads", compile(func(s *KernelSource) {
			s.Workgroup = [3]uint32{l.MaxWorkgroupSizeX, l.MaxWorkgroupSizeY, 2}
		}), ErrLimit},
		{"threads that overflow", compile(func(s *KernelSource) { s.Workgroup = [3]uint32{1 << 31, 1 << 31, 4} }),
			ErrLimit},
		{"more threads in the text than said", compile(func(s *KernelSource) {
			s.WGSL = strings.Replace(s.WGSL, "workgroup_size(1)",
				fmt.Sprintf("workgroup_size(%d)", l.MaxWorkgroupSizeX+1), 1)
		}), ErrShader},
		{"too much workgroup memory",
			compile(func(s *KernelSource) { s.WorkgroupStorage = l.MaxWorkgroupStorage + 4 }), ErrLimit},
		{"workgroup memory not told of", compile(func(s *KernelSource) {
			s.WGSL = "var<workgroup> w: array<u32, 1000000000>;\n" + s.WGSL
		}), ErrMisuse},
		{"a kernel of no device", err1((*Device)(nil).Kernel(one)), ErrMisuse},
		{"a kernel of a device never opened", err1(zeroDevice.Kernel(one)), ErrClosed},

		{"a batch of no device", (*Device)(nil).NewBatch().Run(t.Context()), ErrMisuse},
		{"a timed batch of no device", (*Device)(nil).NewTimedBatch().Run(t.Context()), ErrMisuse},
		{"a batch of a device never opened", zeroDevice.NewBatch().Run(t.Context()), ErrClosed},
		{"a batch never begun", new(Batch).Run(t.Context()), ErrMisuse},
		{"waiting for nothing", new(Submission).Wait(t.Context()), ErrMisuse},
		{"waiting for no submission", (*Submission)(nil).Wait(t.Context()), ErrMisuse},
		{"times of no submission", err1((*Submission)(nil).Times(t.Context())), ErrMisuse},
		{"the period of no device", err1((*Device)(nil).TimestampPeriod(t.Context())), ErrMisuse},
	} {
		t.Run(c.name, func(t *testing.T) { wantError(t, c.err, c.want) })
	}
	for name, closer := range map[string]interface{ Close() error }{
		"no buffer": (*Buffer)(nil), "no group": (*BindGroup)(nil), "no device": (*Device)(nil),
		"a buffer never made": &Buffer{}, "a group never made": &BindGroup{}, "a device never opened": zeroDevice,
		"a closed buffer": closed, "a closed group": closedGroup,
	} {
		if err := closer.Close(); err != nil {
			t.Errorf("closing %s: %v", name, err)
		}
	}
	if size := (*Buffer)(nil).Size(); size != 0 {
		t.Errorf("no buffer has %d bytes", size)
	}
	if live := (*Device)(nil).Live(); live != (Live{}) {
		t.Errorf("no device holds %+v", live)
	}
	run(t, d, g) // after all this the device works
	wantData(t, b, 1, 2, 3, 4)
}

func TestWrongTimedBatches(t *testing.T) {
	d := openDevice(t)
	g := newGroup(t, d, source("one", "b0[0] = 1u;", 1), newBuffer(t, d, "b", 0))
	batch := d.NewBatch()
	batch.Dispatch(g, 1, 1, 1)
	_, err := must[*Submission](t)(batch.Submit()).Times(t.Context())
	wantError(t, err, ErrMisuse)
	if !d.Info().HasFeature(FeatureTimestamps) {
		return
	}
	wantError(t, d.NewTimedBatch().Run(t.Context()), ErrMisuse) // of nothing
	timed := d.NewTimedBatch()
	for range MaxTimed + 1 {
		timed.Dispatch(g, 1, 1, 1)
	}
	wantError(t, timed.Run(t.Context()), ErrMisuse)
	if n := d.Live().Buffers; n != 1 {
		t.Errorf("%d buffers are open after batches that were refused", n)
	}
}

// The limit of what a device takes is an error, and one byte less is none of ours to refuse.
func TestBufferBeyondTheLimit(t *testing.T) {
	d := openDevice(t)
	if most := d.Limits().MaxBufferSize; most < math.MaxUint64-8 {
		_, err := d.NewBuffer("beyond", most&^3+4, Storage)
		wantError(t, err, ErrLimit)
	}
	if most := d.Limits().MaxStorageBinding; most+4 <= d.Limits().MaxBufferSize && most < 1<<30 {
		b := must[*Buffer](t)(d.NewBuffer("large", most&^3+4, Storage))
		defer b.Close()
		_, err := must[*Kernel](t)(d.Kernel(source("one", "b0[0] = 1u;", 1))).Bind(Binding{Buffer: b})
		wantError(t, err, ErrLimit)
	}
}

func TestShaderErrorShowsTheLine(t *testing.T) {
	d := openDevice(t)
	s := source("crooked", "let x = 1u +;", 1)
	_, err := d.Kernel(s)
	wantError(t, err, ErrShader)
	if errors.Is(err, ErrMisuse) || !strings.Contains(err.Error(), "crooked") ||
		!regexp.MustCompile(`[: ]3:|3 │`).MatchString(err.Error()) {
		t.Errorf("the error must name the shader and line 3: %v", err)
	}
}

// A text can be nested so deep that a compiler's stack overflows, which no language catches.
func TestDeepShaders(t *testing.T) {
	if !gputest.InChild(t) {
		return
	}
	d := openDevice(t)
	for name, body := range map[string]string{
		"parentheses": "let x = " + strings.Repeat("(", 8000) + "1" + strings.Repeat(")", 8000) + ";",
		"signs":       "let x = 1; let y = " + strings.Repeat("- ", 20000) + "x;",
		"blocks":      strings.Repeat("{", 20000) + strings.Repeat("}", 20000),
		"a sum":       "var x = 1; let y = x" + strings.Repeat("+x", 10000) + ";",
		"pointers":    "var x = 1; let y = " + strings.Repeat("&*", 20000) + "&x;",
		"half open":   "let x = " + strings.Repeat("(", 20000),
	} {
		if _, err := d.Kernel(source(name, body, 1)); err != nil {
			wantError(t, err, ErrShader)
		}
	}
}

func TestLabelsMayHoldAnything(t *testing.T) {
	d := openDevice(t)
	for _, label := range []string{"", "a\x00b", "\xff\xfe", "\x00", strings.Repeat("long", 1<<16), "%s%n", "多语言"} {
		b := must[*Buffer](t)(d.NewBuffer(label, 4, Storage))
		s := source(label, "b0[0] = 1u; // "+fmt.Sprintf("%x", label[:min(8, len(label))]), 1)
		run(t, d, newGroup(t, d, s, b))
		b.Close()
		s.WGSL += "!"
		_, err := d.Kernel(s)
		wantError(t, err, ErrShader)
	}
}

// Trap 5: error scopes belong to the device, and must not give one goroutine another's errors.
func TestManyGoroutines(t *testing.T) {
	d := openDevice(t)
	var group sync.WaitGroup
	for worker := range uint32(8) {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range uint32(12) {
				if err := oneTurn(d, worker, i); err != nil {
					t.Errorf("worker %d, turn %d: %v", worker, i, err)
				}
			}
		}()
	}
	group.Wait()
	if live := d.Live(); live.Buffers != 0 || live.BindGroups != 0 || live.Staging > maxStaging {
		t.Errorf("left behind: %+v", live)
	}
}

// oneTurn does everything that a device does; every third worker also makes mistakes, of each layer.
func oneTurn(d *Device, worker, i uint32) error {
	if worker%3 == 0 {
		if _, err := d.Kernel(source(fmt.Sprint(worker), "b0[0] = nonsense;", 1)); !errors.Is(err, ErrShader) ||
			!strings.Contains(err.Error(), "nonsense") {
			return fmt.Errorf("got %v, want this worker's own mistake", err)
		}
		if _, err := d.NewBuffer("odd", 3, Storage); !errors.Is(err, ErrMisuse) {
			return fmt.Errorf("got %v, want ErrMisuse", err)
		}
	}
	b, err := d.NewBuffer(fmt.Sprintf("worker %d", worker), 16, Storage)
	if err != nil {
		return err
	}
	defer b.Close()
	k, err := d.Kernel(spin())
	if err != nil {
		return err
	}
	g, err := k.Bind(Binding{Buffer: b})
	if err != nil {
		return err
	}
	defer g.Close()
	if err := b.Write(0, Bytes([]uint32{worker, i + 1, spinTail[0], spinTail[1]})); err != nil {
		return err
	}
	batch := d.NewBatch()
	batch.Dispatch(g, 1, 1, 1)
	s, err := batch.Submit()
	if err != nil {
		return err
	}
	if i%2 == 0 {
		if err := s.Wait(context.Background()); err != nil {
			return err
		}
	}
	got := make([]uint32, 2)
	if err := b.Read(context.Background(), 0, Bytes(got)); err != nil {
		return err
	}
	if want := spun(worker, spinSteps*uint64(i+1)); got[0] != want || got[1] != i+1 {
		return fmt.Errorf("got %v, want %d, %d", got, want, i+1)
	}
	return nil
}

func TestCloseWhileOthersWork(t *testing.T) {
	if !gputest.InChild(t) {
		return
	}
	for round := range 10 {
		d := openDevice(t)
		var group sync.WaitGroup
		for worker := range uint32(4) {
			group.Add(1)
			go func() {
				defer group.Done()
				for i := range uint32(1000) {
					if err := oneTurn(d, worker, i); err != nil {
						if !errors.Is(err, ErrClosed) && !strings.Contains(err.Error(), "want") {
							t.Errorf("got %v, want ErrClosed", err)
						}
						return
					}
				}
			}()
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		within(t, 10*time.Second, "Close", func() {
			if err := d.Close(); err != nil && !errors.Is(err, ErrLeak) {
				t.Error(err)
			}
		})
		group.Wait()
	}
}

func TestUseAfterClose(t *testing.T) {
	d := openDevice(t)
	b := must[*Buffer](t)(d.NewBuffer("b", 8, Storage))
	one := source("one", "b0[0] = 1u;", 1)
	k := must[*Kernel](t)(d.Kernel(one))
	g := must[*BindGroup](t)(k.Bind(Binding{Buffer: b}))
	batch := d.NewBatch()
	batch.Dispatch(g, 1, 1, 1)
	s := must[*Submission](t)(batch.Submit())
	err := d.Close() // with b and g open
	wantError(t, err, ErrLeak)
	if !strings.Contains(fmt.Sprint(err), `"b" of 8 bytes`) ||
		!strings.Contains(fmt.Sprint(err), `bind group of "one"`) {
		t.Errorf("the error must name what leaked: %v", err)
	}
	if err := s.Wait(t.Context()); err != nil {
		t.Errorf("work submitted before Close: %v", err)
	}
	_, newErr := d.NewBuffer("x", 4, Storage)
	_, kernelErr := d.Kernel(one)
	_, bindErr := k.Bind(Binding{Buffer: b})
	_, periodErr := d.TimestampPeriod(t.Context())
	for i, err := range []error{newErr, kernelErr, bindErr, b.Write(0, make([]byte, 4)),
		b.Read(t.Context(), 0, make([]byte, 4)), batch.Run(t.Context()), d.NewTimedBatch().Run(t.Context())} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("call %d: got %v, want ErrClosed", i, err)
		}
	}
	if d.Info().HasFeature(FeatureTimestamps) {
		wantError(t, periodErr, ErrClosed)
	}
	for _, err := range []error{b.Close(), g.Close(), b.Close(), g.Close(), d.Close(), d.Close()} {
		if err != nil {
			t.Errorf("closing again: %v", err)
		}
	}
	if live := d.Live(); live != (Live{}) {
		t.Errorf("a closed device holds %+v", live)
	}
}

func TestLiveCounts(t *testing.T) {
	d := openDevice(t)
	a, b := newBuffer(t, d, "a", 1, 2), newBuffer(t, d, "b", 1, 2, 3)
	g := newGroup(t, d, source("one", "b0[0] = 1u;", 1), a)
	readBack(t, b)
	if live := d.Live(); live != (Live{Buffers: 2, Bytes: 20, BindGroups: 1, Kernels: 1, Staging: 1}) {
		t.Errorf("live: %+v", live)
	}
	a.Close()
	g.Close()
	if live := d.Live(); live != (Live{Buffers: 1, Bytes: 12, Kernels: 1, Staging: 1}) {
		t.Errorf("live: %+v", live)
	}
}
