package gpu

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

// openDevice opens the device that the environment asks for. It never skips: a test that did not run
// proves nothing. Its cleanup fails on whatever the test left open.
func openDevice(t testing.TB) *Device {
	t.Helper()
	o, err := Options{}.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	return openWith(t, o)
}

func openWith(t testing.TB, o Options) *Device {
	t.Helper()
	d, err := Open(o)
	if err != nil {
		t.Fatalf("these tests need a GPU or a software one: on Debian, apt-get install libvulkan1 "+
			"mesa-vulkan-drivers; GPUCONV_BACKEND and GPUCONV_ADAPTER choose another: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("closing the device: %v", err)
		}
	})
	return d
}

// must gives the value of a call that has to succeed.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newBuffer(t testing.TB, d *Device, label string, data ...uint32) *Buffer {
	t.Helper()
	b := must[*Buffer](t)(d.NewBuffer(label, uint64(4*len(data)), Storage))
	t.Cleanup(func() { b.Close() })
	if err := b.Write(0, Bytes(data)); err != nil {
		t.Fatal(err)
	}
	return b
}

func newSpinner(t testing.TB, d *Device, x, loops uint32) *Buffer {
	t.Helper()
	return newBuffer(t, d, "spinner", x, loops, spinTail[0], spinTail[1])
}

func readBack(t testing.TB, b *Buffer) []uint32 {
	t.Helper()
	data := make([]byte, b.Size())
	if err := b.Read(t.Context(), 0, data); err != nil {
		t.Fatal(err)
	}
	numbers := make([]uint32, len(data)/4)
	for i := range numbers {
		numbers[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	return numbers
}

func wantData(t testing.TB, b *Buffer, want ...uint32) {
	t.Helper()
	got := readBack(t, b)
	for i, w := range want {
		if got[i] != w {
			t.Fatalf("buffer %q holds %d at %d, want %d", b.label, got[i], i, w)
		}
	}
}

// wantError fails unless err is the given one of the package's errors, in an *Error.
func wantError(t testing.TB, err, want error) {
	t.Helper()
	var e *Error
	if !errors.Is(err, want) || !errors.As(err, &e) || e.Op == "" {
		t.Errorf("got %v, want *Error with %q", err, want)
	}
}

// source is a kernel over read_write storage buffers b0, b1, ... of one thread.
func source(name, body string, buffers int) KernelSource {
	var text strings.Builder
	kinds := make([]BindingKind, buffers)
	for i := range buffers {
		kinds[i] = ReadWrite
		text.WriteString("@group(0) @binding(" + string(rune('0'+i)) + ") var<storage, read_write> b" +
			string(rune('0'+i)) + ": array<u32>;\n")
	}
	text.WriteString("@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>) {\n" + body +
		"\n}\n")
	return KernelSource{Name: name, WGSL: text.String(), Entry: "main", Bindings: kinds, Workgroup: [3]uint32{1, 1, 1}}
}

func newGroup(t testing.TB, d *Device, s KernelSource, buffers ...*Buffer) *BindGroup {
	t.Helper()
	k := must[*Kernel](t)(d.Kernel(s))
	bindings := make([]Binding, len(buffers))
	for i, b := range buffers {
		bindings[i].Buffer = b
	}
	g := must[*BindGroup](t)(k.Bind(bindings...))
	t.Cleanup(func() { g.Close() })
	return g
}

func run(t testing.TB, d *Device, groups ...*BindGroup) {
	t.Helper()
	b := d.NewBatch()
	for _, g := range groups {
		b.Dispatch(g, 1, 1, 1)
	}
	if err := b.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// spinSteps is how many steps one loop of spin makes. Mesa's llvmpipe quietly ends the loops of a thread
// after 65535 rounds, hence the steps are written out.
const spinSteps = 64

// spinTail are the last numbers of spin's buffer: the generator's factor and summand, which the compiler
// must not know, for it would make one step of many.
var spinTail = []uint32{1664525, 1013904223}

// spin turns b0[0], b0[1] times spinSteps, by one step of a generator.
func spin() KernelSource {
	return source("spin", "var x = b0[0]; let n = b0[1]; let f = b0[2]; let s = b0[3]; for (var i = 0u; i < n; i++) {"+
		strings.Repeat(" x = x * f + s;", spinSteps)+" } b0[0] = x;", 1)
}

// spun is what n steps make of x, found in log n of them: the square of a step is a step of the same kind.
func spun(x uint32, n uint64) uint32 {
	factor, summand := spinTail[0], spinTail[1]
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			x = x*factor + summand
		}
		factor, summand = factor*factor, summand*factor+summand
	}
	return x
}

// within fails, with all goroutines' stacks, where f hangs.
func within(t testing.TB, most time.Duration, what string, f func()) {
	t.Helper()
	timer := time.AfterFunc(most, func() { panic(what + " hangs") })
	defer timer.Stop()
	f()
}
