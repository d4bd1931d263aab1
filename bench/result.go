package bench

import (
	"github.com/gpuconv/gpuconv/conv"
)

// Schema is the version of [File]. Fields may be added to it without a new one.
const Schema = 1

// File is one run of a suite: what stands in a file of results.
type File struct {
	Schema      int       `json:"schema"`
	Date        string    `json:"date,omitempty"`   // RFC 3339
	Commit      string    `json:"commit,omitempty"` // of the program
	Command     string    `json:"command,omitempty"`
	Host        Host      `json:"host"`
	Adapter     Adapter   `json:"adapter"`
	Settings    Settings  `json:"settings"`
	Ceilings    *Ceilings `json:"ceilings,omitempty"` // measured before the layers on the same device
	Interrupted bool      `json:"interrupted,omitempty"`
	Results     []Result  `json:"results"`
}

// Host is the machine around the device.
type Host struct {
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	CPU   string `json:"cpu,omitempty"`
	Cores int    `json:"cores"`
	Go    string `json:"go,omitempty"`
}

// Adapter is the device.
type Adapter struct {
	Name    string `json:"name"`
	Backend string `json:"backend"`
	Type    string `json:"type"`
	Driver  string `json:"driver"`
}

// Settings are what the run was asked for.
type Settings struct {
	Suite       string    `json:"suite"`
	Match       string    `json:"match,omitempty"`
	Algorithms  []string  `json:"algorithms"`       // "" is the default
	BudgetMS    float64   `json:"budget_ms"`        // for the warm samples of a layer
	Rounds      int       `json:"rounds,omitempty"` // in which the layers had their turns
	WarmUp      int       `json:"warmup"`           // runs before the samples of a round
	Seed        uint64    `json:"seed"`
	Percentiles []float64 `json:"percentiles,omitempty"` // that reports show, of each time; none is 10 and 90
	Dispatches  bool      `json:"dispatches,omitempty"`  // that tables show them
	Exact       bool      `json:"exact,omitempty"`       // only algorithms that [host.LayerOptions] calls exact
	DType       string    `json:"dtype,omitempty"`       // how volumes and filters are stored, where not as float32
	Models      []string  `json:"models,omitempty"`      // files of networks that were measured whole
	Fuse        string    `json:"fuse,omitempty"`        // [host.Fusing] of their layers, where not by the rules
}

// Result is one layer by one algorithm, or a network. One that failed has Error and no numbers.
type Result struct {
	Problem   string `json:"problem"`           // empty for a network
	Network   string `json:"network,omitempty"` // its file's name and the shapes of its inputs: see [NetworkID]
	Name      string `json:"name"`
	Gradient  string `json:"gradient,omitempty"` // [GradientW]: not V is computed, but dW and db
	Count     int    `json:"count,omitempty"`    // how often the suite's network has the layer
	Algorithm string `json:"algorithm"`          // of a network, how many nodes run on the device
	Variant   string `json:"variant,omitempty"`
	DType     string `json:"dtype,omitempty"` // how volumes and filters are stored, where not as float32
	FLOP      int64  `json:"flop"`            // of a network, those of its layers
	Bytes     int64  `json:"bytes,omitempty"` // of input, filters and output, each counted once

	images int // of one computation, 0 for one

	// of the computation, warm, by Clock; of a network of a whole run with its transfers, by the wall clock
	Time       *Times     `json:"time_ms,omitempty"`
	GPU        *Times     `json:"gpu_ms,omitempty"`     // of all of a network's dispatches, by the GPU's clock
	Clock      string     `json:"clock,omitempty"`      // gpu or wall
	Wall       *Times     `json:"wall_ms,omitempty"`    // of the computation, warm, by the wall clock
	Dispatches []Dispatch `json:"dispatches,omitempty"` // in their order, warm, by the GPU's clock; none without it
	Cold       *Times     `json:"cold_ms,omitempty"`    // by Clock, each sample after the caches were overwritten
	Transfers  *Transfers `json:"transfers,omitempty"`  // by the wall clock
	FirstRun   float64    `json:"first_run_ms,omitempty"`

	ImagesPerSecond    float64  `json:"images_per_s,omitempty"` // of a network, inferences
	GFLOPS             float64  `json:"gflops,omitempty"`
	GBs                float64  `json:"gb_per_s,omitempty"`
	PercentOfPeak      float64  `json:"percent_of_peak,omitempty"`
	PercentOfBandwidth float64  `json:"percent_of_bandwidth,omitempty"`
	Roofline           float64  `json:"roofline_gflops,omitempty"` // what the ceilings allow at the layer's intensity
	PercentOfRoofline  float64  `json:"percent_of_roofline,omitempty"`
	Verified           bool     `json:"verified"`
	BoundUsed          *float64 `json:"bound_used,omitempty"` // part of the rounding bound that the worst output used
	Error              string   `json:"error,omitempty"`
}

// Dispatch is one of the dispatches that a layer's computation is made of.
type Dispatch struct {
	Kernel string `json:"kernel"` // the shader's name
	Time   *Times `json:"time_ms"`
}

// Transfers are what a layer costs whose volumes start and end on the host.
type Transfers struct {
	Upload   *Times `json:"upload_ms"`
	Download *Times `json:"download_ms"`
	Whole    *Times `json:"whole_ms"` // upload, computation and download, one after the other
}

// newResult describes what is to be measured.
func newResult(l Layer, algorithm string) Result {
	p := l.Problem
	r := Result{
		Problem:   p.String(),
		Name:      p.Name,
		Algorithm: algorithm,
		FLOP:      p.FLOPs(),
		Bytes:     p.Bytes().Total(),
		images:    p.Batch,
	}
	if l.Count > 1 {
		r.Count = l.Count
	}
	return r
}

// rate fills in what follows from the median time, and from the ceilings where there are some.
func (r *Result) rate(c *Ceilings) {
	seconds := r.Time.Median / 1e3
	r.ImagesPerSecond = float64(max(r.images, 1)) / seconds
	r.GFLOPS = float64(r.FLOP) / seconds / 1e9
	r.GBs = float64(r.Bytes) / seconds / 1e9
	if c == nil {
		return
	}
	r.PercentOfPeak = 100 * r.GFLOPS / c.GFLOPS
	if r.Bytes == 0 { // a network's
		return
	}
	r.PercentOfBandwidth = 100 * r.GBs / c.GBs
	r.Roofline = Roofline(*c, float64(r.FLOP)/float64(r.Bytes))
	r.PercentOfRoofline = 100 * r.GFLOPS / r.Roofline
}

// Intensity is how many operations a layer makes for each byte that it must move: its operands once.
func Intensity(p conv.Problem) float64 { return float64(p.FLOPs()) / float64(p.Bytes().Total()) }

// Roofline is how many GFLOP/s the ceilings allow at an intensity in operations a byte: the peak, or
// what the memory feeds.
func Roofline(c Ceilings, intensity float64) float64 { return min(c.GFLOPS, intensity*c.GBs) }
