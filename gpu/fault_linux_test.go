//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cogentcore/webgpu/wgpu"
	"github.com/gpuconv/gpuconv/gpu/internal/native"
	"github.com/gpuconv/gpuconv/internal/gputest"
)

// A batch that is run again, and read through the memory that is there, asks the driver for nothing: it
// works where every allocation and every compilation fails.
func TestRunningAgainMakesNothing(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	b := newBench(t)
	batch := b.dev.NewBatch()
	batch.Dispatch(b.group, 1, 1, 1)
	got := make([]uint32, 1)
	again := func(from, to uint32) {
		t.Helper()
		for i := from; i <= to; i++ {
			if err := errors.Join(batch.Run(t.Context()),
				batch.RunRead(t.Context(), b.buffer, 0, Bytes(got))); err != nil || got[0] != 2*i {
				t.Fatalf("run %d: %d, %v", i, got[0], err)
			}
		}
	}
	again(1, 20) // wgpu keeps what it encodes with
	gputest.Fail(t, gputest.NoMemory, "vkAllocateMemory", "vkCreateBuffer", "vkBindBufferMemory",
		"vkCreateShaderModule", "vkCreatePipelineLayout",
		"vkCreateDescriptorSetLayout", "vkCreateComputePipelines", "vkCreateDescriptorPool",
		"vkAllocateDescriptorSets")
	again(21, 60)
	if err := calls["buffer"](b); !errors.Is(err, ErrOutOfMemory) {
		t.Errorf("got %v where nothing can be allocated", err)
	}
	gputest.Heal()
	works(t, b)
}

// bench is a device with everything on it that a call may need.
type bench struct {
	dev    *Device
	buffer *Buffer
	large  *Buffer
	kernel *Kernel
	group  *BindGroup
	n      int
}

const largeSize = 24 << 20

func newBench(t *testing.T) *bench {
	d := openDevice(t)
	b := newBuffer(t, d, "b", 0)
	g := newGroup(t, d, source("increment", "b0[0] = b0[0] + 1u;", 1), b)
	large := must[*Buffer](t)(d.NewBuffer("large", largeSize, Storage))
	t.Cleanup(func() { large.Close() })
	return &bench{dev: d, buffer: b, large: large, kernel: g.kernel, group: g}
}

// calls are those of which each makes the driver do something that can fail.
var calls = map[string]func(*bench) error{
	"buffer": func(b *bench) error {
		big, err := b.dev.NewBuffer("big", 64<<20, Storage)
		if err == nil {
			err = errors.Join(big.Write(0, make([]byte, 64)), big.Close())
		}
		return err
	},
	"texture": func(b *bench) error {
		x, err := b.dev.NewTexture("x", 64<<20)
		return errors.Join(err, x.Close())
	},
	"write": func(b *bench) error { return b.large.Write(0, make([]byte, largeSize)) }, // needs memory on its way
	"read":  func(b *bench) error { return b.buffer.Read(context.Background(), 0, make([]byte, 4)) },
	"kernel": func(b *bench) error {
		b.n++
		_, err := b.dev.Kernel(source("new", fmt.Sprintf("b0[0] = %du;", b.n), 1))
		return err
	},
	"bind": func(b *bench) error {
		g, err := b.kernel.Bind(Binding{Buffer: b.buffer})
		return errors.Join(err, g.Close())
	},
	"run": func(b *bench) error {
		batch := b.dev.NewBatch()
		batch.Dispatch(b.group, 1, 1, 1)
		return batch.Run(context.Background())
	},
	"times": func(b *bench) error {
		batch := b.dev.NewTimedBatch()
		batch.Dispatch(b.group, 1, 1, 1)
		s, err := batch.Submit()
		if err == nil {
			_, err = s.Times(context.Background())
		}
		return err
	},
}

// works fails unless the device computes, reads and compiles.
func works(t *testing.T, b *bench) {
	t.Helper()
	if err := b.buffer.Write(0, Bytes([]uint32{41})); err != nil {
		t.Fatal(err)
	}
	run(t, b.dev, b.group)
	wantData(t, b.buffer, 42)
	for _, name := range []string{"buffer", "texture", "kernel", "bind"} {
		if err := calls[name](b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOutOfMemory(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	b := newBench(t)
	works(t, b)
	for _, c := range []struct{ call, function string }{
		{"buffer", "vkAllocateMemory"}, {"buffer", "vkBindBufferMemory"}, {"buffer", "vkCreateBuffer"},
		{"texture", "vkAllocateMemory"}, {"texture", "vkBindImageMemory"}, {"texture", "vkCreateImage"},
		{"texture", "vkCreateImageView"},
		{"write", "vkAllocateMemory"}, {"write", "vkMapMemory"}, {"write", "vkCreateBuffer"},
		{"kernel", "vkCreateShaderModule"}, {"kernel", "vkCreatePipelineLayout"},
		{"kernel", "vkCreateComputePipelines"},
		{"bind", "vkAllocateDescriptorSets"},
		{"run", "vkCreateCommandPool"}, {"run", "vkAllocateCommandBuffers"}, {"run", "vkBeginCommandBuffer"},
		{"run", "vkEndCommandBuffer"},
		{"times", "vkCreateQueryPool"},
	} {
		if c.call == "times" && !b.dev.Info().HasFeature(FeatureTimestamps) {
			continue
		}
		t.Run(c.call+" "+c.function, func(t *testing.T) {
			b := newBench(t) // fresh, so that what wgpu keeps for later does not serve
			gputest.Fail(t, gputest.NoMemory, c.function)
			err := calls[c.call](b)
			gputest.Heal()
			wantError(t, err, ErrOutOfMemory)
			if !strings.Contains(fmt.Sprint(err), "close what is no longer needed") {
				t.Errorf("no hint: %v", err)
			}
			works(t, b)
		})
	}
	works(t, b)
}

func TestDeviceLost(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	bystander := newBench(t)
	waits := []string{"vkGetSemaphoreCounterValue", "vkGetSemaphoreCounterValueKHR", "vkGetFenceStatus",
		"vkWaitForFences", "vkWaitSemaphores", "vkWaitSemaphoresKHR"}
	for _, c := range []struct {
		call      string
		result    int
		functions []string
	}{
		{"run", gputest.Gone, []string{"vkQueueSubmit"}},
		{"run", gputest.Gone, waits},
		{"run", gputest.Gone, append(waits, "vkQueueSubmit")},
		{"run", gputest.Gone, []string{"vkAllocateCommandBuffers"}},
		{"run", gputest.NoMemory, []string{"vkQueueSubmit"}}, // after which wgpu's queue waits for ever
		{"run", gputest.NoMemory, waits},
		{"read", gputest.Gone, []string{"vkQueueSubmit"}},
		{"read", gputest.Gone, waits},
		{"times", gputest.Gone, []string{"vkCreateQueryPool"}},
		{"buffer", gputest.Gone, []string{"vkCreateBuffer"}},
		{"buffer", gputest.Gone, []string{"vkAllocateMemory"}},
		{"texture", gputest.Gone, []string{"vkCreateImage"}},
		{"write", gputest.Gone, []string{"vkMapMemory"}},
		{"kernel", gputest.Gone, []string{"vkCreateComputePipelines"}},
	} {
		t.Run(fmt.Sprint(c.call, " ", c.result, " ", c.functions[0]), func(t *testing.T) {
			b := newBench(t)
			if c.call == "times" && !b.dev.Info().HasFeature(FeatureTimestamps) {
				return
			}
			gputest.Fail(t, c.result, c.functions...)
			within(t, 20*time.Second, c.call, func() { wantError(t, calls[c.call](b), ErrDeviceLost) })
			for name, call := range calls { // a loss is for ever
				if err := call(b); !errors.Is(err, ErrDeviceLost) || !strings.Contains(err.Error(), "open a new one") {
					t.Errorf("%s afterwards: %v", name, err)
				}
			}
			within(t, 20*time.Second, "closing", func() {
				b.group.Close()
				b.buffer.Close()
				b.large.Close()
				if err := b.dev.Close(); err != nil {
					t.Error(err)
				}
			})
			gputest.Heal()
			works(t, newBench(t))
			works(t, bystander)
		})
	}
	// Rust's destructors do nothing on a thread that has seen a panic: no such thread may serve on.
	devices, memories := gputest.Counts(t)
	for range 10 {
		useAndClose(t, newBench(t))
	}
	if d, m := gputest.Counts(t); d != devices || m != memories {
		t.Errorf("%d devices and %d allocations, before ten more devices were closed %d and %d", d, m, devices,
			memories)
	}
}

// useAndClose runs the device for a moment and closes everything.
func useAndClose(t *testing.T, b *bench) {
	t.Helper()
	run(t, b.dev, b.group)
	wantData(t, b.buffer, 1)
	for _, close := range []func() error{b.group.Close, b.buffer.Close, b.large.Close, b.dev.Close} {
		if err := close(); err != nil {
			t.Error(err)
		}
	}
}

// A device that is lost while goroutines wait on it wakes all of them.
func TestLossWakesWaiters(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	b := newBench(t)
	spinner := newSpinner(t, b.dev, 1, 60000)
	g := newGroup(t, b.dev, spin(), spinner)
	batch := b.dev.NewBatch()
	for range 40 { // about half a second
		batch.Dispatch(g, 1, 1, 1)
	}
	s := must[*Submission](t)(batch.Submit())
	answers := make(chan error)
	for i := range 6 {
		go func() {
			if i%2 == 0 {
				answers <- s.Wait(t.Context())
			} else {
				answers <- spinner.Read(t.Context(), 0, make([]byte, 16))
			}
		}()
	}
	time.Sleep(20 * time.Millisecond)
	gputest.Fail(t, gputest.Gone, "vkQueueSubmit", "vkGetSemaphoreCounterValue", "vkGetSemaphoreCounterValueKHR",
		"vkGetFenceStatus")
	within(t, 20*time.Second, "waiting", func() {
		for range 6 {
			wantError(t, <-answers, ErrDeviceLost)
		}
		b.dev.Close()
	})
	gputest.Heal()
	works(t, newBench(t))
}

// A loss that shows only when the device is closed must not abort, either.
func TestLossAtClose(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	d := openDevice(t)
	run(t, d, newGroup(t, d, spin(), newSpinner(t, d, 1, 1)))
	gputest.Fail(t, gputest.Gone, "vkQueueSubmit", "vkGetSemaphoreCounterValue", "vkWaitForFences", "vkGetFenceStatus",
		"vkWaitSemaphores", "vkDeviceWaitIdle", "vkQueueWaitIdle")
	within(t, 20*time.Second, "closing", func() {
		if err := d.Close(); err != nil && !errors.Is(err, ErrLeak) {
			t.Error(err)
		}
	})
	gputest.Heal()
	works(t, newBench(t))
}

// Trap 7: the binding drops the reason of a refusal.
func TestRefusalHasAReason(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	gputest.Fail(t, gputest.NoMemory, "vkCreateDevice")
	_, err := Open(Options{Backend: BackendVulkan})
	gputest.Heal()
	wantError(t, err, ErrOutOfMemory)
	gputest.Fail(t, gputest.Gone, "vkCreateDevice")
	_, err = Open(Options{Backend: BackendVulkan})
	gputest.Heal()
	wantError(t, err, ErrDeviceLost)
	for _, function := range []string{"vkCreateCommandPool", "vkAllocateMemory", "vkCreateSemaphore",
		"vkBeginCommandBuffer", "vkCreateInstance"} {
		for _, result := range []int{gputest.NoMemory, gputest.Gone, -3, -13} { // initialization failed, unknown
			gputest.Fail(t, result, function)
			d, err := Open(Options{Backend: BackendVulkan})
			gputest.Heal()
			var e *Error
			if err == nil {
				err = errors.Join(d.Close(), &Error{Op: "opened"}) // what failed was not needed
			}
			if !errors.As(err, &e) {
				t.Errorf("%s gives %d: got %v, want *Error", function, result, err)
			}
		}
	}
	works(t, newBench(t))

	instance := must[*native.Instance](t)(native.NewInstance(wgpu.InstanceBackendVulkan))
	defer instance.Release()
	for _, a := range must[[]*native.Adapter](t)(instance.Adapters(wgpu.InstanceBackendVulkan)) {
		defer a.Release()
		lacking := wgpu.FeatureNameDepthClipControl
		for slices.Contains(a.Features(), lacking) {
			lacking++
		}
		_, err := a.RequestDevice("refused", []wgpu.FeatureName{lacking})
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), "features") {
			t.Errorf("%s: got %v, want wgpu's words on feature %v", a.Info().Description, err, lacking)
		}
		t.Log(err)
	}
}

// What closing gives back is counted below wgpu.
func TestClosingFreesTheDriversMemory(t *testing.T) {
	if !gputest.WithFaults(t) {
		return
	}
	threads := 0
	for i := range 50 {
		b := newBench(t)
		if _, memories := gputest.Counts(t); memories == 0 {
			t.Fatal("the layer counts nothing")
		}
		if b.dev.Info().HasFeature(FeatureTimestamps) {
			if err := calls["times"](b); err != nil {
				t.Fatal(err)
			}
			b.buffer.Write(0, make([]byte, 4))
		}
		if i%2 == 0 {
			useAndClose(t, b)
		} else { // the device closes what is open
			run(t, b.dev, b.group)
			wantError(t, b.dev.Close(), ErrLeak)
			b.group.Close()
		}
		if devices, memories := gputest.Counts(t); devices != 0 || memories != 0 {
			t.Fatalf("round %d left %d devices and %d allocations", i, devices, memories)
		}
		if i == 10 {
			threads = osThreads(t)
		}
	}
	if now := osThreads(t); now > threads+10 { // a driver starts some of its own whenever it likes
		t.Errorf("%d threads, after the tenth device %d", now, threads)
	}
}

func osThreads(t *testing.T) int {
	t.Helper()
	return len(must[[]os.DirEntry](t)(os.ReadDir("/proc/self/task")))
}
