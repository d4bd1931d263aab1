package gpu

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gpuconv/gpuconv/internal/gputest"
)

func TestAdaptersAreDescribed(t *testing.T) {
	list := must[[]AdapterInfo](t)(Adapters())
	if len(list) == 0 {
		t.Fatal("no adapter: on Debian, apt-get install libvulkan1 mesa-vulkan-drivers")
	}
	for i, a := range list {
		t.Logf("%d: %s, vendor %s, driver %s", i, a, a.Vendor, a.Driver)
		if a.Index != i || a.Name == "" || !utf8.ValidString(a.Name) || a.Backend == "" || a.Vendor == "" {
			t.Errorf("adapter %d: %+v lacks something", i, a)
		}
		if a.Backend == BackendVulkan && a.Driver == "" {
			t.Errorf("%s: Vulkan does not say which driver this is", a)
		}
		if a.Limits.MaxBufferSize == 0 || a.Limits.MaxWorkgroupInvocations == 0 ||
			a.Limits.StorageOffsetAlignment == 0 || a.Limits.MaxWorkgroupsPerDimension == 0 {
			t.Errorf("%s: limits %+v", a, a.Limits)
		}
		if i > 0 && list[i-1].Type < a.Type {
			t.Errorf("%s comes after %s", a, list[i-1])
		}
	}
}

// invented adapters, in an order that no ranking gives.
func invented() []adapter {
	var list []adapter
	for _, a := range []AdapterInfo{
		{Name: "llvmpipe", Backend: BackendVulkan, Type: Software},
		{Name: "GeForce RTX 4090", Backend: BackendGL, Type: Discrete},
		{Name: "Iris Xe", Backend: BackendVulkan, Type: Integrated},
		{Name: "a riddle", Backend: BackendDX12, Type: Unknown},
		{Name: "GeForce RTX 4090", Backend: BackendVulkan, Type: Discrete},
		{Name: "GeForce RTX 3060", Backend: BackendVulkan, Type: Discrete},
	} {
		list = append(list, adapter{info: a})
	}
	return rank(list)
}

func TestRank(t *testing.T) {
	var got []string
	for i, a := range invented() {
		if a.info.Index != i {
			t.Errorf("%s has index %d at %d", a.info, a.info.Index, i)
		}
		got = append(got, a.info.Name+"/"+string(a.info.Backend))
	}
	want := "GeForce RTX 4090/vulkan, GeForce RTX 3060/vulkan, GeForce RTX 4090/gl, Iris Xe/vulkan, a riddle/dx12, " +
		"llvmpipe/vulkan"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want int // -1 for none
	}{
		{Options{}, 0},
		{Options{Adapter: "1"}, 1},
		{Options{Adapter: "3060"}, -1}, // a number is an index
		{Options{Adapter: "rtx 3060"}, 1},
		{Options{Adapter: "IRIS"}, 3},
		{Options{Backend: BackendGL}, 2},
		{Options{Backend: BackendDX12}, 4},
		{Options{Backend: BackendVulkan, Adapter: "llvm"}, 5},
		{Options{Backend: BackendGL, Adapter: "llvm"}, -1},
		{Options{Backend: BackendMetal}, -1},
		{Options{Adapter: "6"}, -1},
		{Options{Adapter: "-1"}, -1},
	} {
		got, err := choose(invented(), c.o)
		if c.want >= 0 && (err != nil || got != c.want) {
			t.Errorf("%v: got %d, %v, want %d", c.o, got, err, c.want)
		}
		if c.want < 0 && (!errors.Is(err, ErrNoAdapter) || !strings.Contains(err.Error(), "Iris Xe") ||
			!strings.Contains(err.Error(), c.o.String())) {
			t.Errorf("%v: the error must say what was wanted and what there is: %v", c.o, err)
		}
	}
	if _, err := choose(nil, Options{}); !errors.Is(err, ErrNoAdapter) {
		t.Errorf("none at all: %v", err)
	}
}

func TestOpenChooses(t *testing.T) {
	first := openDevice(t).Info()
	for _, o := range []Options{
		{Adapter: strconv.Itoa(first.Index)},
		{Adapter: strings.ToUpper(first.Name[:5]), Backend: first.Backend},
	} {
		if got := openWith(t, o).Info(); got.Name != first.Name || got.Backend != first.Backend {
			t.Errorf("%v opened %s, want %s", o, got, first)
		}
	}
	_, err := Open(Options{Adapter: "no such thing"})
	wantError(t, err, ErrNoAdapter)
	if !strings.Contains(err.Error(), first.Name) || !strings.Contains(err.Error(), "gpuconv devices") {
		t.Errorf("the error must say what there is and what helps: %v", err)
	}
}

// On GL all devices of a process share what one instance of wgpu opens and closes.
func TestDevicesDisturbNobody(t *testing.T) {
	if !gputest.InChild(t) {
		return
	}
	for _, a := range must[[]AdapterInfo](t)(Adapters()) {
		t.Run(a.String(), func(t *testing.T) {
			o := Options{Adapter: strconv.Itoa(a.Index)}
			d := openWith(t, o)
			b := newBuffer(t, d, "b", 1)
			g := newGroup(t, d, source("double", "b0[0] = b0[0] * 2u;", 1), b)
			for range 5 {
				must[[]AdapterInfo](t)(Adapters())
				other := must[*Device](t)(Open(o))
				c := newBuffer(t, other, "c", 3)
				run(t, other, newGroup(t, other, source("double", "b0[0] = b0[0] * 2u;", 1), c))
				wantData(t, c, 6)
				wantError(t, other.Close(), ErrLeak)
				run(t, d, g)
			}
			wantData(t, b, 32)
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("GPUCONV_BACKEND", "Vulkan")
	t.Setenv("GPUCONV_ADAPTER", "pipe")
	if o, err := (Options{}).FromEnvironment(); err != nil || o != (Options{BackendVulkan, "pipe"}) {
		t.Errorf("got %v, %v", o, err)
	}
	if o, err := (Options{BackendGL, "2"}).FromEnvironment(); err != nil || o != (Options{BackendGL, "2"}) {
		t.Errorf("what is asked for comes before the environment: got %v, %v", o, err)
	}
	t.Setenv("GPUCONV_BACKEND", "glide")
	_, err := Options{}.FromEnvironment()
	if !errors.Is(err, ErrMisuse) || !strings.Contains(err.Error(), "GPUCONV_BACKEND") ||
		!strings.Contains(err.Error(), "vulkan") {
		t.Errorf("the error must name the variable and what would be right: %v", err)
	}
}

func TestParseBackend(t *testing.T) {
	for s, want := range map[string]Backend{"": BackendAny, "vulkan": BackendVulkan, "METAL": BackendMetal,
		"dx12": BackendDX12, "gl": BackendGL, "browser": BackendBrowser} {
		if got, err := ParseBackend(s); err != nil || got != want {
			t.Errorf("%q: got %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"cuda", " vulkan", "vulkan,gl"} {
		if _, err := ParseBackend(s); !errors.Is(err, ErrMisuse) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestKnownTraps holds that traps of an adapter are named where it is there, and no others.
func TestKnownTraps(t *testing.T) {
	for _, name := range []string{"llvmpipe", "SwiftShader"} {
		with := strings.Join(KnownTraps([]AdapterInfo{{Name: "a GPU"}, {Name: name + " (LLVM)"}}), "\n")
		without := strings.Join(KnownTraps([]AdapterInfo{{Name: "a GPU"}}), "\n")
		if !strings.Contains(with, name) || strings.Contains(without, name) || without == "" {
			t.Errorf("with %s: %s\nwithout: %s", name, with, without)
		}
	}
}
