package host_test

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// chained are the links of the chains of the table, in their order, and the types of what they read.
var chained = []struct {
	links []op.Link
	in    string
}{
	{[]op.Link{link("add 0 1"), link("relu .")}, "ff"},
	{[]op.Link{link("sub 0 1"), link("mul . ."), link("scale .", -0.125, 1.5), link("exp ."), link("add 2 ."),
		link("max . 3"), link("affine . 4 5"), link("clip .", -3, 40)}, "ffffff"},
	{[]op.Link{link("less 0 1"), link("and 2 ."), link("not .")}, "ffi"},
}

// link is a kernel with what it reads: "add 0 ." is of the first input and of what the link before gives.
func link(text string, parameters ...float32) op.Link {
	words := strings.Fields(text)
	l := op.Link{Kernel: words[0]}
	for _, word := range words[1:] {
		from := shaders.Before
		if word != "." {
			from = int(word[0] - '0')
		}
		l.From = append(l.From, from)
	}
	if len(parameters) == 2 {
		l.Alpha, l.Beta = parameters[0], parameters[1]
	}
	return l
}

// The killers of chain.wgsl: on tensors of every kind of view each chain gives the bits that its links give as kernels
// of their own, which have killers of theirs.
func init() {
	for i, k := range shaders.Chains() {
		for _, shape := range [][]int{{3, 5}, {2, 3, 2, 2, 3, 2, 2, 4}, {20480}, {1025}} {
			if k.Flat == (len(shape) < 2) {
				killers[k] = append(killers[k], chainKiller(chained[i/2].links, chained[i/2].in, shape))
			}
		}
		broken = append(broken, k)
	}
	sizes["Chain"] = []string{"Threads", "Each"}
	for i := range shaders.MostInputs {
		x := fmt.Sprintf("p.x%d", i)
		swaps[x+".offset"], swaps[x+".strides"] = []string{"p.v.offset"}, []string{"p.v.strides"}
		swaps[fmt.Sprintf("at.x%d", i)] = []string{"at.v"}
	}
	swaps["^"] = []string{"|"}
	exempt = append(exempt, struct{ kind, why, words string }{
		"chains", "another one is not tried: few have its type, or give the same", `
		link0_of link1_of link2_of link3_of link4_of link5_of link6_of link7_of
		fourth second third p.fourth.w p.fourth.z p.second.x p.second.y`})
}

// chainKiller runs a chain, and its links one by one.
func chainKiller(links []op.Link, in string, shape []int) killer {
	return killer{fmt.Sprint(shape), func(dev *host.Device) error {
		v := chainView(shape, 0)
		var inputs []hosttest.Numbers
		var views []op.View
		for i, letter := range in {
			view := chainView(shape, i+1)
			numbers := hosttest.Floats(chainFloats(i))
			if letter == 'i' {
				numbers = hosttest.Whole([]int32{0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1})
			}
			numbers.Words = cycled(numbers.Words, end(view))
			inputs, views = append(inputs, numbers), append(views, view)
		}
		out := hosttest.Numbers{DType: shaders.Float32, Words: make([]uint32, end(v))}
		if links[len(links)-1].Kernel == "not" {
			out.DType = shaders.Int32
		}
		got, err := hosttest.RunSteps(host.Exec(dev), inputs, []hosttest.Numbers{out, out},
			func(p *exec.Plan, ins, outs []int) error {
				var tensors []op.Tensor
				for i, at := range ins {
					tensors = append(tensors, views[i].Of(at))
				}
				if err := op.Chain(p, links, v.Of(outs[0]), tensors...); err != nil {
					return err
				}
				return oneByOne(p, links, v.Of(outs[1]), tensors)
			})
		if err != nil {
			return err
		}
		if err := hosttest.Untouched(v, got[0]); err != nil {
			return err
		}
		fused, alone := hosttest.Seen(v, got[0]), hosttest.Seen(v, got[1])
		if at := differs(fused, alone); at >= 0 {
			return fmt.Errorf("%w: number %d is %#x, must be %#x as by the links one by one", cpuref.ErrMismatch, at,
				fused[at], alone[at])
		}
		return nil
	}}
}

// chainView is a view of a shape, another one for each way.
func chainView(shape []int, way int) op.View {
	if len(shape) > 1 {
		return spread(shape, way)
	}
	return op.View{Shape: shape, Strides: []int{[]int{1, 2, 3, 4}[min(way, 1+way%3)]}, Offset: 3 + way}
}

// differs is the first place where words differ, or -1. A NaN is any.
func differs(a, b []uint32) int {
	nan := func(w uint32) bool { return w&0x7fffffff > 0x7f800000 }
	for i := range a {
		if a[i] != b[i] && !(nan(a[i]) && nan(b[i])) {
			return i
		}
	}
	return -1
}

// oneByOne adds a step for each link.
func oneByOne(p *exec.Plan, links []op.Link, out op.Tensor, in []op.Tensor) error {
	var before op.Tensor
	for i, l := range links {
		var reads []op.Tensor
		for _, from := range l.From {
			if from == shaders.Before {
				reads = append(reads, before)
			} else {
				reads = append(reads, in[from])
			}
		}
		to := out
		if i < len(links)-1 {
			t := shaders.Float32
			if slices.Contains([]string{"less", "and"}, l.Kernel) {
				t = shaders.Int32
			}
			to = op.Contiguous(out.Shape...).Of(p.Add(exec.Operand{Name: l.Kernel, Role: exec.Scratch,
				Count: int64(out.Count()), DType: t}))
		}
		if err := op.Pointwise(p, l.Kernel, l.Alpha, l.Beta, to, reads...); err != nil {
			return err
		}
		before = to
	}
	return nil
}

// chainFloats are numbers for an input: of both signs, with more digits than products keep, some that are in all
// inputs, an infinity and a NaN.
func chainFloats(input int) (all []float32) {
	for i := range 61 {
		x := math.Sin(float64(7*i+input)) * 3
		if i%3 > 0 {
			x = math.Round(x)
		}
		all = append(all, float32(x))
	}
	all[3*input+5], all[4*input+9] = float32(math.NaN()), float32(math.Inf(-1))
	return all
}
