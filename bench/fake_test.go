package bench_test

import (
	"cmp"
	"errors"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
)

// fake is a layer that takes no time and counts its calls.
type fake struct {
	calls   map[string]int
	fail    string               // the call that fails
	after   func(string)         // is told of each call
	gpu     time.Duration        // what the GPU's clock says
	clock   func() time.Duration // what it says instead, where there is one
	slow    time.Duration        // what a computation takes
	name    string
	untimed bool        // not by the GPU's clock
	more    func() bool // whether there is one dispatch more; nil for never
	variant string      // in place of one that the name gives
	order   []string
}

var errFake = errors.New("it broke")

func (f *fake) call(name string) error {
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[name]++
	f.order = append(f.order, name)
	if f.after != nil {
		f.after(name)
	}
	if f.fail == name {
		return errFake
	}
	return nil
}

func (f *fake) Upload() error { return f.call("upload") }
func (f *fake) Compute() error {
	time.Sleep(f.slow)
	return f.call("compute")
}
func (f *fake) Timed() bool { return !f.untimed }
func (f *fake) Profile() ([]host.Dispatch, error) {
	if f.clock != nil {
		f.gpu = f.clock()
	}
	all := []host.Dispatch{{Kernel: "transform", Time: f.gpu / 4}, {Kernel: "product", Time: f.gpu - f.gpu/4}}
	if f.more != nil && f.more() {
		all = append(all, host.Dispatch{Kernel: "one more"})
	}
	return all, f.call("timed")
}
func (f *fake) Download() error          { return f.call("download") }
func (f *fake) Verify() (float64, error) { return 0.25, f.call("verify") }
func (f *fake) Algorithm() (string, string) {
	return "fast", cmp.Or(f.variant, "fast_"+f.name)
}
func (f *fake) Close() error { return f.call("close") }

// opener gives the fakes that new makes.
type opener struct {
	new    func(p conv.Problem, algorithm string) *fake
	opened []*fake
	asked  []string
	seeds  []uint64
}

func (o *opener) Open(p conv.Problem, algorithm string, seed uint64) (bench.Runner, error) {
	o.asked = append(o.asked, p.Name+"/"+algorithm)
	o.seeds = append(o.seeds, seed)
	f := o.new(p, algorithm)
	if f == nil {
		return nil, errFake
	}
	f.name = p.Name
	o.opened = append(o.opened, f)
	return f, nil
}

func (o *opener) Algorithms(p conv.Problem) []string { return []string{"fast", "slow"} }
