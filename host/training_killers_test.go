package host_test

import (
	"fmt"
	"maps"
	"math"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// training are the kernels of training.
var training = []shaders.Variant{shaders.CrossEntropy, shaders.PoolGradients, shaders.Repack, shaders.SGD,
	shaders.Adam}

// The killers of what trains: as many elements as fill the folded grid, and fewer.
func init() {
	for _, images := range []int{3, 640} {
		killers[shaders.CrossEntropy] = append(killers[shaders.CrossEntropy], scored(images, 5))
	}
	killers[shaders.CrossEntropy] = append(killers[shaders.CrossEntropy], scored(2, 2), unscorable())
	for _, p := range []maximum{
		{2, 3, 5, 7, 2, 2}, {1, 4, 7, 6, 3, 2}, {2, 1, 6, 5, 2, 1}, {1, 2, 9, 8, 2, 3}, {10, 5, 8, 8, 2, 2},
	} {
		killers[shaders.PoolGradients] = append(killers[shaders.PoolGradients], p.killer())
	}
	for _, n := range []int{5, 640} {
		killers[shaders.Repack] = append(killers[shaders.Repack], repacked(n))
		killers[shaders.SGD] = append(killers[shaders.SGD], descended(n))
		killers[shaders.Adam] = append(killers[shaders.Adam], adapted(n))
	}
	broken = append(broken, training...)
	maps.Copy(swaps, map[string][]string{
		"down.x": {"across.x"}, "down.y": {"across.y"}, "across.x": {"down.x"}, "across.y": {"down.y"},
		"rates.learning": {"rates.momentum", "rates.rest1"}, "rates.momentum": {"rates.learning"},
		"rates.beta1": {"rates.beta2"}, "rates.beta2": {"rates.beta1"}, "rates.rest1": {"rates.rest2"},
		"rates.rest2": {"rates.rest1"}, "rates.scale1": {"rates.scale2"}, "rates.scale2": {"rates.scale1"},
		"rates.epsilon": {"rates.learning"}, "share": {"all_powers"}, "all_powers": {"largest"},
		"label":       {"first_score"},
		"first_score": {"label"},
		"velocity":    {"g[i]"}, "p.classes": {"p.outputs"}, "p.in_rows": {"p.in_columns"},
		"p.in_columns": {"p.in_rows"}, "p.out_rows": {"p.out_columns"}, "p.out_columns": {"p.out_rows"},
		"p.window": {"p.stride"},
	})
	exempt = append(exempt, struct{ kind, why, words string }{
		"kernels of training", "another one is not tried: few give the same, and what stands beside them is changed", `
		beta1 beta2 classes dx epsilon g in_columns in_rows labels learning losses momentum out_columns out_rows packed
		Rates rates rest1 rest2 scale1 scale2 variances velocities windows`})
	equivalents = append(equivalents, equivalentsOfTraining...)
}

// dispatched adds a kernel of training.
func dispatched(c *tensorCase, k shaders.Elementwise, params any, count int, operands ...op.Tensor) {
	var uses []exec.Use
	for _, t := range operands {
		uses = append(uses, exec.Whole(t.Operand))
	}
	c.plan.Threads(k, shaders.Encode(params), int64(count), int64(k.Threads), uses...)
}

// row are numbers one behind the other.
func row(n int) op.View { return op.Contiguous(n) }

// eighths are numbers with few digits, between -most and most.
func eighths(n, most int) []float64 {
	all := whole(n, 8*most)
	for i := range all {
		all[i] /= 8
	}
	return all
}

// scored is a batch of images with scores and labels.
func scored(images, classes int) killer {
	return tensorKiller(fmt.Sprintf("%d images, %d classes", images, classes), func(c *tensorCase) error {
		const scale = 0.75
		scores := eighths(images*classes, 9)
		labels, losses, dx := make([]float64, images), make([]float64, images), make([]float64, images*classes)
		for i := range labels {
			labels[i] = float64((i*i + i/3) % classes)
			row, all := scores[i*classes:][:classes], 0.0
			for _, x := range row {
				all += math.Exp(x)
			}
			losses[i] = math.Log(all) - row[int(labels[i])]
			for k, x := range row {
				dx[i*classes+k] = scale * (math.Exp(x)/all - float64(boolean(k == int(labels[i]))))
			}
		}
		x := c.input(shaders.Float32, row(images*classes), scores)
		by := c.input(shaders.Int32, row(images), labels)
		to := c.output(shaders.Float32, row(images), losses, 4e-6)
		v := c.output(shaders.Float32, row(images*classes), dx, 2e-6)
		dispatched(c, shaders.CrossEntropy, shaders.CrossEntropyParams{Outputs: uint32(images),
			Classes: uint32(classes), Scale: scale}, images, x, by, to, v)
		return nil
	})
}

// unscorable are scores of which one is NaN, and ones that are too large for powers: the loss of the first is NaN.
func unscorable() killer {
	return tensorKiller("not finite", func(c *tensorCase) error {
		x := c.input(shaders.Float32, row(6), []float64{1, math.NaN(), 2, 100, -200, -150})
		by := c.input(shaders.Int32, row(2), []float64{0, 1})
		losses := c.output(shaders.Float32, row(2), []float64{math.NaN(), 300}, 1e-6)
		rest := c.operand("gradients", exec.Scratch, shaders.Float32, row(6))
		dispatched(c, shaders.CrossEntropy, shaders.CrossEntropyParams{Outputs: 2, Classes: 3, Scale: 1}, 2, x, by,
			losses, rest)
		return nil
	})
}

// maximum is a max pool with square windows.
type maximum struct{ images, channels, rows, columns, window, stride int }

// killer has the largest number of each window where some of them are equal, and overlap.
func (p maximum) killer() killer {
	return tensorKiller(fmt.Sprintf("%+v", p), func(c *tensorCase) error {
		outRows, outColumns := (p.rows-p.window)/p.stride+1, (p.columns-p.window)/p.stride+1
		n, outputs := p.images*p.channels*p.rows*p.columns, p.images*p.channels*outRows*outColumns
		dv, dx, places := whole(outputs, 100), make([]float64, n), make([]float64, outputs)
		for i := range dv {
			channel, column, line := i%p.channels, i/p.channels%outColumns, i/p.channels/outColumns
			row, image := line%outRows*p.stride+i%3%p.window, line/outRows
			column = column*p.stride + (i/3)%p.window
			places[i] = float64(((image*p.channels+channel)*p.rows+row)*p.columns + column)
			dx[((image*p.rows+row)*p.columns+column)*p.channels+channel] += dv[i]
		}
		at, from := c.input(shaders.Int32, row(outputs), places), c.input(shaders.Float32, row(outputs), dv)
		to := c.output(shaders.Float32, row(n), dx, 0)
		dispatched(c, shaders.PoolGradients, shaders.PoolGradientParams{Outputs: uint32(n / p.channels),
			Channels: uint32(p.channels), InRows: uint32(p.rows), InColumns: uint32(p.columns),
			OutRows: uint32(outRows), OutColumns: uint32(outColumns), Window: uint32(p.window),
			Stride: uint32(p.stride)}, n/p.channels, at, from, to)
		return nil
	})
}

// repacked are weights in another order, with zeros between them.
func repacked(n int) killer {
	return tensorKiller(fmt.Sprintf("%d weights", n), func(c *tensorCase) error {
		weights, order, want := whole(n/2, 1000), whole(n, 1), make([]float64, n)
		for i := range order {
			if order[i] = float64((i*7 + 3) % (n/2 + 1)); order[i] > 0 {
				want[i] = weights[int(order[i])-1]
			}
		}
		by, w := c.input(shaders.Int32, row(n), order), c.input(shaders.Float32, row(n/2), weights)
		packed := c.output(shaders.Float32, row(n), want, 0)
		dispatched(c, shaders.Repack, shaders.CountParams{Outputs: uint32(n)}, n, by, w, packed)
		return nil
	})
}

// started adds numbers that kernels change, and what they must be then.
func (c *tensorCase) started(numbers, want []float64, allowed float64) (op.Tensor, error) {
	from := c.input(shaders.Float32, row(len(numbers)), numbers)
	v := c.output(shaders.Float32, row(len(numbers)), want, allowed)
	return v, op.Copy(&c.plan, v, from)
}

// descended are two steps of SGD, with numbers that are exact.
func descended(n int) killer {
	return tensorKiller(fmt.Sprintf("%d weights", n), func(c *tensorCase) error {
		const rate, momentum = 0.25, 0.5
		g, velocities, w := whole(n, 9), eighths(n, 3), eighths(n, 5)
		velocity, moved := make([]float64, n), make([]float64, n)
		for i := range g {
			velocity[i] = momentum*velocities[i] + g[i]
			moved[i] = w[i] - rate*velocity[i]
		}
		rates := c.input(shaders.Float32, row(2), []float64{rate, momentum})
		by := c.input(shaders.Float32, row(n), g)
		v, err := c.started(velocities, velocity, 0)
		if err != nil {
			return err
		}
		to, err := c.started(w, moved, 0)
		dispatched(c, shaders.SGD, shaders.CountParams{Outputs: uint32(n)}, n, rates, by, v, to)
		return err
	})
}

// adapted is a step of Adam, each of whose rates is another number.
func adapted(n int) killer {
	return tensorKiller(fmt.Sprintf("%d weights", n), func(c *tensorCase) error {
		r := []float64{0.25, 0.75, 0.125, 0.5, 0.375, 0.0625, 1.5, 1.25}
		g, means, squares, w := whole(n, 9), eighths(n, 3), eighths(n, 2), eighths(n, 5)
		mean, square, moved := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range g {
			squares[i] = math.Abs(squares[i])
			mean[i], square[i] = r[1]*means[i]+r[2]*g[i], r[3]*squares[i]+r[4]*g[i]*g[i]
			moved[i] = w[i] - r[0]*mean[i]*r[6]/(math.Sqrt(square[i]*r[7])+r[5])
		}
		rates, by := c.input(shaders.Float32, row(8), r), c.input(shaders.Float32, row(n), g)
		m, err := c.started(means, mean, 0)
		if err != nil {
			return err
		}
		s, err := c.started(squares, square, 0)
		if err != nil {
			return err
		}
		to, err := c.started(w, moved, 2e-6)
		dispatched(c, shaders.Adam, shaders.CountParams{Outputs: uint32(n)}, n, rates, by, m, s, to)
		return err
	})
}

var equivalentsOfTraining = []equivalent{
	{"for (var k = 1u; k < p.classes; k++) {", "for (var k = 0u; k < p.classes; k++) {", false,
		"the first score is compared with itself"},
	{"packed[i] = select(0.0, w[max(places[i], 1u) - 1u], places[i] > 0u);",
		"packed[i] = select(0.0, w[max(places[i], 0u) - 1u], places[i] > 0u);", true, "what is read is not taken"},
	{firstWindow, "let before = select(0u, (at - p.window) / p.stride + 0u, at >= p.window);", true,
		"of more windows than needed none has the number for its maximum"},
	{firstWindow, "let before = select(0u, (at - p.window) / p.stride + 1u, at > p.window);", true,
		"of more windows than needed none has the number for its maximum"},
	{lastWindow, "return vec2<u32>(0u, min(at / p.stride + 1u, outputs));", true,
		"of more windows than needed none has the number for its maximum"},
	{lastWindow, "return vec2<u32>(before, max(at / p.stride + 1u, outputs));", true,
		"of more windows than needed none has the number for its maximum"},
	{lastWindow, "return vec2<u32>(before, min(at * p.stride + 1u, outputs));", true,
		"of more windows than needed none has the number for its maximum"},
	{lastWindow, "return vec2<u32>(before, min(at / p.stride + 2u, outputs));", true,
		"of more windows than needed none has the number for its maximum"},
}

// The lines of pool_gradient.wgsl that leave out windows without a number.
const (
	firstWindow = "let before = select(0u, (at - p.window) / p.stride + 1u, at >= p.window);"
	lastWindow  = "return vec2<u32>(before, min(at / p.stride + 1u, outputs));"
)
