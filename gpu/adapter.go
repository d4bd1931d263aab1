package gpu

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Backend names the API below WebGPU.
type Backend string

// The backends. BackendAny takes the best adapter of any.
const (
	BackendAny     Backend = ""
	BackendVulkan  Backend = "vulkan"
	BackendMetal   Backend = "metal"
	BackendDX12    Backend = "dx12"
	BackendGL      Backend = "gl"
	BackendBrowser Backend = "browser"
)

// ParseBackend reads a backend's name.
func ParseBackend(s string) (Backend, error) {
	known := []Backend{BackendVulkan, BackendMetal, BackendDX12, BackendGL, BackendBrowser}
	b := Backend(strings.ToLower(s))
	if b == BackendAny || slices.Contains(known, b) {
		return b, nil
	}
	return "", fmt.Errorf("%w: backend %q, must be one of %v", ErrMisuse, s, known)
}

// AdapterType orders adapters: the greater one is taken first.
type AdapterType int

// The types of adapters, from the last to be taken to the first.
const (
	Software AdapterType = iota
	Unknown              // a browser does not always tell
	Integrated
	Discrete
)

func (t AdapterType) String() string {
	return [...]string{"software", "unknown", "integrated", "discrete"}[t]
}

// MarshalText gives the type's name.
func (t AdapterType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// AdapterInfo describes a GPU (or a program that pretends to be one) behind one backend.
type AdapterInfo struct {
	Index    int         `json:"index"` // position in Adapters
	Name     string      `json:"name"`
	Backend  Backend     `json:"backend"`
	Type     AdapterType `json:"type"`
	Vendor   string      `json:"vendor"`
	Driver   string      `json:"driver"` // name and version, empty where the backend hides them
	Features []string    `json:"features"`
	Limits   Limits      `json:"limits"`
}

// String is the name, what is below it, and a word of warning for software.
func (a AdapterInfo) String() string {
	s := fmt.Sprintf("%s (%s, %s)", a.Name, a.Backend, a.Type)
	if a.Type == Software {
		return fmt.Sprintf("%s (%s, software: no GPU)", a.Name, a.Backend)
	}
	return s
}

// ClockRamp is how long an adapter must be kept busy before times stand, 0 for software: GPUs raise their clocks under
// load alone. An H100 ran layers at half of its speed for 70 ms and more after it had been idle.
func (a AdapterInfo) ClockRamp() time.Duration {
	if a.Type == Software {
		return 0
	}
	return 150 * time.Millisecond
}

// HasFeature reports whether the adapter offers the feature of that WebGPU name.
func (a AdapterInfo) HasFeature(name string) bool { return slices.Contains(a.Features, name) }

// FeatureTimestamps is the WebGPU name of the feature that timed batches need.
const FeatureTimestamps = "timestamp-query"

// maxTexture is what a texture holds where kernels can read it: every device has 8192 rows.
const maxTexture = 8192 * textureRow

// Limits are what a device offers; sizes in bytes.
type Limits struct {
	MaxBufferSize             uint64 `json:"max_buffer_size"`
	MaxStorageBinding         uint64 `json:"max_storage_binding"` // of one storage buffer binding
	MaxUniformBinding         uint64 `json:"max_uniform_binding"`
	MaxTexture                uint64 `json:"max_texture"` // that kernels can read, 0 where they read none
	StorageOffsetAlignment    uint32 `json:"storage_offset_alignment"`
	UniformOffsetAlignment    uint32 `json:"uniform_offset_alignment"`
	MaxStorageBuffers         uint32 `json:"max_storage_buffers"` // in one kernel
	MaxWorkgroupStorage       uint32 `json:"max_workgroup_storage"`
	MaxWorkgroupInvocations   uint32 `json:"max_workgroup_invocations"`
	MaxWorkgroupSizeX         uint32 `json:"max_workgroup_size_x"`
	MaxWorkgroupSizeY         uint32 `json:"max_workgroup_size_y"`
	MaxWorkgroupSizeZ         uint32 `json:"max_workgroup_size_z"`
	MaxWorkgroupsPerDimension uint32 `json:"max_workgroups_per_dimension"`
}

// Adapters lists every adapter, the one that Open takes by default first: discrete before integrated
// before unknown before software, and of two doors to the same GPU the one that is not GL. Their indices are those
// that Options.Adapter takes.
func Adapters() ([]AdapterInfo, error) {
	list, err := platformAdapters()
	if err != nil {
		return nil, &Error{Op: "listing adapters", Err: err}
	}
	defer releaseAll(list)
	infos := make([]AdapterInfo, len(list))
	for i, a := range rank(list) {
		infos[i] = a.info
	}
	return infos, nil
}

// adapter is what a platform found: its description and how to open it.
type adapter struct {
	info    AdapterInfo
	open    func() (driver, error)
	release func()
}

// rank sorts adapters by preference and numbers them.
func rank(list []adapter) []adapter {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i].info, list[j].info
		if a.Type != b.Type {
			return a.Type > b.Type
		}
		return a.Backend != BackendGL && b.Backend == BackendGL
	})
	for i := range list {
		list[i].info.Index = i
	}
	return list
}

func releaseAll(list []adapter) {
	for _, a := range list {
		a.release()
	}
}

// choose gives the position in list of the adapter that the options ask for.
func choose(list []adapter, o Options) (int, error) {
	for i, a := range list {
		if o.Backend != BackendAny && a.info.Backend != o.Backend {
			continue
		}
		if o.Adapter == "" || matches(a.info, o.Adapter) {
			return i, nil
		}
	}
	if len(list) == 0 {
		return 0, ErrNoAdapter
	}
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = fmt.Sprintf("%d: %s", i, a.info)
	}
	return 0, fmt.Errorf("%w: none is %s; there are %s", ErrNoAdapter, o, strings.Join(names, "; "))
}

// matches says whether an adapter is meant by its index or a part of its name.
func matches(a AdapterInfo, wanted string) bool {
	if i, err := strconv.Atoi(wanted); err == nil {
		return i == a.Index
	}
	return strings.Contains(strings.ToLower(a.Name), strings.ToLower(wanted))
}
