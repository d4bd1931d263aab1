package exec_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

// numbers is how many each operand of the plans below has: no whole number of workgroups.
const numbers = 300

// chain is a plan that adds a constant to its input so many times: v = x + steps * c. Scratch stands between steps.
func chain(t *testing.T, steps int) (p exec.Plan, x, c, v int) {
	t.Helper()
	add, ok := shaders.OperatorOf("add")
	if !ok {
		t.Fatal("no operator adds")
	}
	operand := func(name string, role exec.Role) int {
		fill := func() ([]uint32, error) { return exec.Bits(slices.Repeat([]float32{0.5}, numbers)), nil }
		return p.Add(exec.Operand{Name: name, Role: role, Count: numbers, DType: shaders.Float32, Fill: fill})
	}
	x, c, v = operand("x", exec.Input), operand("c", exec.Constant), operand("v", exec.Output)
	alone := shaders.Placement{}
	params := shaders.Encode(shaders.OperatorOn(numbers, 1, alone, alone, alone))
	from, between := x, []int{operand("s", exec.Scratch), operand("t", exec.Scratch)}
	if steps < 3 {
		p.Operands, between = p.Operands[:v+steps], between[:steps-1] // what no step uses has no place
	}
	for i := range steps {
		to := v
		if i < steps-1 {
			to = between[i%2]
		}
		p.Threads(add, params, numbers, int64(add.Threads), exec.Whole(from), exec.Whole(c), exec.Whole(to))
		from = to
	}
	return p, x, c, v
}

func open(t *testing.T, dev *exec.Device, p exec.Plan, guarded bool) *exec.Session {
	t.Helper()
	s, err := exec.Open(dev, p, guarded)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ramp are numbers, no two alike.
func ramp() []float32 {
	data := make([]float32, numbers)
	for i := range data {
		data[i] = float32(i) / 4
	}
	return data
}

// process runs a session and holds v against what the CPU says.
func process(t *testing.T, s *exec.Session, x, v, steps int, checked bool) []float32 {
	t.Helper()
	got := make([]float32, numbers)
	inputs, result := map[int][]uint32{x: exec.Bits(ramp())}, exec.Result{Operand: v, Numbers: got}
	if err := s.Process(t.Context(), inputs, checked, result); err != nil {
		t.Fatal(err)
	}
	for i, from := range ramp() {
		if want := from + 0.5*float32(steps); got[i] != want {
			t.Fatalf("number %d is %v, must be %v", i, got[i], want)
		}
	}
	return got
}

func TestProcessSizes(t *testing.T) {
	p, x, c, v := chain(t, 1)
	s := open(t, exec.On(hosttest.Open(t).GPU()), p, exec.Guarded)
	process(t, s, x, v, 1, true)
	right := exec.Bits(ramp())
	for name, err := range map[string]error{
		"a word short":    s.Process(t.Context(), map[int][]uint32{x: right[1:]}, true),
		"a word too many": s.Process(t.Context(), map[int][]uint32{x: append(slices.Clone(right), 0)}, true),
		"nothing":         s.Process(t.Context(), map[int][]uint32{x: nil}, true),
		"constant":        s.Write(c, right[1:]),
		"result": s.Process(t.Context(), map[int][]uint32{x: right}, false,
			exec.Result{Operand: v, Numbers: make([]float32, 1<<20)}),
	} {
		if !errors.Is(err, gpu.ErrMisuse) {
			t.Errorf("%s: %v, must wrap ErrMisuse", name, err)
		}
	}
	process(t, s, x, v, 1, true) // it goes on working
}

// TestCheckNotices damages one word of each kind of memory, and lets go of what constants are filled from or not.
func TestCheckNotices(t *testing.T) {
	dev := exec.On(hosttest.Open(t).GPU())
	p, x, c, v := chain(t, 3)
	for _, d := range []struct {
		name    string
		operand int
		word    int64
		want    error // nil where nothing may be noticed
	}{
		{"nothing", v, 7, nil},
		{"the guard before v", v, -1, cpuref.ErrGuard}, {"the guard behind v", v, numbers, cpuref.ErrGuard},
		{"the guard behind scratch", v + 1, numbers, cpuref.ErrGuard}, {"the guard before c", c, -1, cpuref.ErrGuard},
		{"the constant", c, numbers - 1, cpuref.ErrChanged}, {"the input", x, 0, cpuref.ErrChanged},
	} {
		for _, released := range []bool{false, true} {
			s := open(t, dev, p, exec.Guarded)
			process(t, s, x, v, 3, true)
			if released {
				s.Release()
				process(t, s, x, v, 3, true)
			}
			if err := s.Damage(d.operand, d.word, 99); err != nil {
				t.Fatal(err)
			}
			err := s.Process(t.Context(), map[int][]uint32{x: exec.Bits(ramp())}, true)
			if !errors.Is(err, d.want) || d.want == nil && err != nil {
				t.Errorf("%s, released %v: %v, must wrap %v", d.name, released, err, d.want)
			}
		}
	}
	if p.Operands[c].Fill == nil {
		t.Error("releasing a session takes what fills constants from its caller's plan")
	}
}

// TestLeftOut: what no kernel writes is NaN.
func TestLeftOut(t *testing.T) {
	p, x, _, v := chain(t, 1)
	s := open(t, exec.On(hosttest.Open(t).GPU()), p, exec.Guarded)
	process(t, s, x, v, 1, true)
	s.LeaveOut()
	got := make([]float32, numbers)
	inputs, result := map[int][]uint32{x: exec.Bits(ramp())}, exec.Result{Operand: v, Numbers: got}
	if err := s.Process(t.Context(), inputs, true, result); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(got, func(n float32) bool { return !math.IsNaN(float64(n)) }) {
		t.Errorf("%v without a kernel, must be NaN", got)
	}
}

// TestPooledAsGuarded: memory that operands share gives the same bits, again and again, and is less.
func TestPooledAsGuarded(t *testing.T) {
	dev := exec.On(hosttest.Open(t).GPU())
	for _, steps := range []int{1, 2, 3, 8} {
		p, x, _, v := chain(t, steps)
		pooled, guarded := open(t, dev, p, exec.Pooled), open(t, dev, p, exec.Guarded)
		for range 2 {
			got, want := process(t, pooled, x, v, steps, false), process(t, guarded, x, v, steps, true)
			if !slices.Equal(got, want) {
				t.Errorf("%d steps: pooled %v, guarded %v", steps, got, want)
			}
		}
		if m := pooled.Memory(); steps > 2 && m.Planned >= m.Naive {
			t.Errorf("%d steps: %d bytes, each on its own %d", steps, m.Planned, m.Naive)
		}
	}
}

// TestTimesInChunks: more dispatches than one batch can time have a time each. The parameters of equal steps are in
// memory once.
func TestTimesInChunks(t *testing.T) {
	g := hosttest.Open(t).GPU()
	dev := exec.On(g)
	const steps = gpu.MaxTimed + 2
	before := g.Live().Bytes
	few, _, _, _ := chain(t, 3)
	open(t, dev, few, exec.Guarded)
	one := g.Live().Bytes - before
	p, x, _, v := chain(t, steps)
	s := open(t, dev, p, exec.Guarded)
	if many := g.Live().Bytes - before - one; many != one {
		t.Errorf("%d equal steps take %d bytes, 3 take %d", steps, many, one)
	}
	process(t, s, x, v, steps, false)
	if !g.Info().HasFeature(gpu.FeatureTimestamps) {
		if _, err := s.Times(t.Context()); !errors.Is(err, gpu.ErrLimit) {
			t.Errorf("%v without timestamps, must wrap ErrLimit", err)
		}
		return
	}
	for range 2 {
		times, err := s.Times(context.Background())
		if err != nil || len(times) != steps ||
			slices.ContainsFunc(times, func(d time.Duration) bool { return d < 0 }) {
			t.Errorf("%d times of %d steps, %v", len(times), steps, err)
		}
	}
	process(t, s, x, v, steps, false)
}

// TestStateStays holds that what kernels change stays from run to run, whatever else a pooled session has in memory,
// and is no matter of poison.
func TestStateStays(t *testing.T) {
	dev := exec.On(hosttest.Open(t).GPU())
	for _, guarded := range []bool{exec.Pooled, exec.Guarded} {
		p, x, _, _ := chain(t, 4)
		operand := func(name string, role exec.Role, count int64) int {
			return p.Add(exec.Operand{Name: name, Role: role, Count: count, DType: shaders.Float32})
		}
		rates, w, velocity := operand("rates", exec.Input, 2), operand("w", exec.State, numbers),
			operand("velocity", exec.State, numbers)
		p.Threads(shaders.SGD, shaders.Encode(shaders.CountParams{Outputs: numbers}), numbers,
			int64(shaders.SGD.Threads), exec.Whole(rates), exec.Whole(x), exec.Whole(velocity), exec.Whole(w))
		p.Steps = slices.Concat(p.Steps[4:], p.Steps[:4]) // what follows needs memory, too
		s := open(t, dev, p, guarded)
		if err := errors.Join(s.WriteNumbers(w, make([]float32, numbers)),
			s.WriteNumbers(velocity, make([]float32, numbers))); err != nil {
			t.Fatal(err)
		}
		inputs := map[int][]uint32{x: exec.Bits(ramp()), rates: exec.Bits([]float32{0.5, 0})}
		for range 3 {
			if err := s.Process(context.Background(), inputs, guarded); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]float32, numbers)
		if err := s.Read(context.Background(), w, got); err != nil {
			t.Fatal(err)
		}
		for i, x := range ramp() {
			if want := -1.5 * x; got[i] != want {
				t.Fatalf("guarded %v: number %d is %g after three runs, must be %g", guarded, i, got[i], want)
			}
		}
	}
}
