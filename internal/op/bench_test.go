package op_test

import (
	"math"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// million is how many numbers the largest tensors of the benchmark have.
const million = 1 << 20

// bandwidths are operators of one or two inputs whose last tensor is the output.
var bandwidths = []struct {
	name  string
	views []op.View // of operands that they fill
	steps func(p *exec.Plan, t []op.Tensor) error
}{
	{"copy", []op.View{flat, flat}, copied},
	{"flat add", []op.View{flat, flat, flat}, added},
	{"add a number", []op.View{flat, op.Contiguous(1), flat}, added},
	{"add to channels last", []op.View{last, op.Contiguous(64), last}, added},
	{"add to channels first", []op.View{first, op.Contiguous(64, 1), first}, added},
	{"transpose", []op.View{turned(first, 1, 0), last}, copied},
	{"transpose of four axes", []op.View{turned(four, 0, 2, 1, 3), four}, copied},
	{"exp", []op.View{flat, flat}, func(p *exec.Plan, t []op.Tensor) error {
		return op.Pointwise(p, "exp", 0, 0, t[1], t[0])
	}},
	{"sum of all", []op.View{flat, op.Contiguous(1)}, summed(0)},
	{"sums of channels first", []op.View{first, op.Contiguous(64, 1)}, summed(1)},
	{"sums of channels last", []op.View{last, op.Contiguous(1, 64)}, summed(0)},
	{"sums of short rows", []op.View{op.Contiguous(million/16, 16), op.Contiguous(million/16, 1)}, summed(1)},
	{"softmax of rows of 64", []op.View{last, last}, softmaxed},
	{"normalize channels first", []op.View{first, first}, normalized(1)},
	{"normalize channels last", []op.View{last, last}, normalized(0)},
}

var (
	flat  = op.Contiguous(million)
	first = op.Contiguous(64, million/64)
	last  = op.Contiguous(million/64, 64)
	four  = op.Contiguous(16, 32, 32, million>>14)
)

func copied(p *exec.Plan, t []op.Tensor) error { return op.Copy(p, t[1], t[0]) }
func added(p *exec.Plan, t []op.Tensor) error  { return op.Pointwise(p, "add", 0, 0, t[2], t[0], t[1]) }

func softmaxed(p *exec.Plan, t []op.Tensor) error { return op.Softmax(p, t[1], t[0], []int{1}) }

func summed(axis int) func(p *exec.Plan, t []op.Tensor) error {
	return func(p *exec.Plan, t []op.Tensor) error { return op.Reduce(p, "sum", t[1], t[0], []int{axis}) }
}

func normalized(axis int) func(p *exec.Plan, t []op.Tensor) error {
	return func(p *exec.Plan, t []op.Tensor) error {
		return op.Normalize(p, t[1], t[0], []int{axis}, op.Normalization{Within: 1e-5})
	}
}

func turned(v op.View, axes ...int) op.View {
	v, err := v.Permute(axes...)
	if err != nil {
		panic(err) // of axes that are written above
	}
	return v
}

// BenchmarkBandwidth counts the bytes that each operator must read and write at least, by its quickest run.
func BenchmarkBandwidth(b *testing.B) {
	dev := device(b)
	for _, c := range bandwidths {
		b.Run(c.name, func(b *testing.B) {
			var p exec.Plan
			var tensors []op.Tensor
			var bytes int64
			for i, v := range c.views {
				role := exec.Input
				if i == len(c.views)-1 {
					role = exec.Output
				}
				o := exec.Operand{Name: "a tensor", Role: role, Count: int64(v.Count()), DType: shaders.Float32}
				tensors = append(tensors, v.Of(p.Add(o)))
				bytes += 4 * int64(v.Count())
			}
			if err := c.steps(&p, tensors); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(bytes)/quickest(b, dev, p).Seconds()/1e9, "GB/s")
		})
	}
}

// quickest is the shortest run of a plan.
func quickest(b *testing.B, dev *exec.Device, p exec.Plan) time.Duration {
	s, err := exec.Open(dev, p, exec.Pooled)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	shortest := time.Duration(math.MaxInt64)
	for b.Loop() {
		begun := time.Now()
		if err := s.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
		shortest = min(shortest, time.Since(begun))
	}
	return shortest
}
