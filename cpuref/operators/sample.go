package operators

import (
	"cmp"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
)

// sampling are operators that read a picture where other numbers say, or choose among boxes.
var sampling = map[string]operator{
	"GridSample":        {2, 2, gridSample},
	"DeformConv":        {3, 5, deformConv},
	"NonMaxSuppression": {2, 5, nonMaxSuppression},
}

// sampler is the attributes of a GridSample.
type sampler struct {
	mode, padding string
	corners       bool
}

// gridSample: a coordinate is off by 4 roundings of its parts, which moves the weights by the kernel's slope; the sum
// of weighted numbers has the bound of its length. Nearest copies, and allows the neighbours that the coordinate may
// round to.
func gridSample(c *call) []Result {
	c.real(0, 1)
	x, grid := c.in[0], c.in[1]
	rank := len(x.Shape) - 2
	if rank < 1 || len(grid.Shape) != rank+2 || grid.Shape[0] != x.Shape[0] || grid.Shape[rank+1] != rank {
		refuse("x of shape %v and a grid of shape %v, must be (N, C, sizes) and (N, sizes of the result, rank)",
			x.Shape, grid.Shape)
	}
	if c.opset < 20 && rank != 2 {
		refuse("x of shape %v, must have two spatial axes before opset 20", x.Shape)
	}
	z := sampler{corners: c.flag("align_corners", false)}
	z.padding = c.choice("padding_mode", "zeros", "border", "reflection")
	if c.opset < 20 {
		names := map[string]string{"bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"}
		z.mode = names[c.choice("mode", "bilinear", "nearest", "bicubic")]
	} else {
		z.mode = c.choice("mode", "linear", "nearest", "cubic")
	}
	spatial := x.Shape[2:]
	if size(spatial) == 0 {
		refuse("x of shape %v, must not be empty", x.Shape)
	}
	r := newResult(x.Type, slices.Concat(x.Shape[:2], grid.Shape[1:rank+1]))
	plane, out, steps := size(spatial), size(grid.Shape[1:rank+1]), strides(spatial)
	axes := make([][]part, rank)
	for n := range x.Shape[0] {
		for o := range out {
			for d := range axes { // the grid has x before y
				axes[d] = z.parts(grid.Data[(n*out+o)*rank+rank-1-d], spatial[d])
			}
			for ch := range x.Shape[1] {
				at := n*x.Shape[1] + ch
				mix := blend
				if z.mode == "nearest" {
					mix = doubted
				}
				v, e := mix(x.Data[at*plane:], steps, axes)
				r.set(at*out+o, v, e)
			}
		}
	}
	return one(r)
}

// parts are what one axis contributes at a coordinate of the grid, which is -1 to 1 over the axis.
func (z *sampler) parts(coordinate float64, n int) []part {
	length := float64(n)
	x := ((coordinate+1)*length - 1) / 2
	low, high := -0.5, length-0.5
	if z.corners {
		x = (coordinate + 1) / 2 * (length - 1)
		low, high = 0, length-1
	}
	off := known(4 * u * ((math.Abs(coordinate)+1)*length + 1))
	if z.mode == "nearest" {
		return z.nearest(x, off, n, low, high)
	}
	k := linear
	if z.mode == "cubic" {
		k = cubic(-0.75)
	}
	jump := x-off < low && x+off > low || x-off < high && x+off > high
	parts := k.parts(z.inside(x, n, low, high), off, func(i int) int { return z.place(i, n, low, high) })
	if jump && z.mode == "cubic" && z.padding == "border" && !z.corners {
		// Beyond -1/2 and n-1/2 the coordinate is held to the outermost number.
		for i := range parts {
			parts[i].error += k.slope / 2
		}
	}
	return parts
}

// nearest is the number at the coordinate's rounding, of halfs to the even one, and those that it may be where the
// coordinate is off.
func (z *sampler) nearest(x, off float64, n int, low, high float64) (parts []part) {
	for _, at := range []float64{x, x - off, x + off} {
		p := part{at: z.place(int(z.inside(math.RoundToEven(at), n, low, high)), n, low, high), weight: 1}
		if !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return parts
}

// inside brings a coordinate beyond the borders back. ONNX's reference evaluator does so for cubic too, where PyTorch
// and ONNX Runtime hold each of the four numbers to the border instead, and differ.
func (z *sampler) inside(x float64, n int, low, high float64) float64 {
	switch {
	case x >= low && x <= high || z.padding == "zeros":
		return x
	case z.padding == "border":
		return max(0, min(x, float64(n-1)))
	}
	return reflected(x, low, high)
}

// place is that of a number, -1 where it is outside and zero.
func (z *sampler) place(i, n int, low, high float64) int {
	if i >= 0 && i < n {
		return i
	}
	switch z.padding {
	case "zeros":
		return -1
	case "border":
		return max(0, min(i, n-1))
	}
	return max(0, min(int(reflected(float64(i), low, high)), n-1))
}

// reflected is a coordinate mirrored at the borders until it is between them.
func reflected(x, low, high float64) float64 {
	width := high - low
	if width <= 0 {
		return low
	}
	t := math.Mod(math.Abs(x-low), 2*width)
	return low + min(t, 2*width-t)
}

// deformConv is a convolution that reads its input beside the window's places, as far as offset says, through linear
// interpolation with zeros outside, times a mask. What an interpolated number is off by comes times weight and mask to
// the bound of the sum.
func deformConv(c *call) []Result {
	c.sameTypes()
	c.real(0)
	x, offset, mask := c.in[0], c.in[2], c.input(4)
	l := newLayer(c, x, c.in[1])
	l.slide("NOTSET", false)
	rank, kernels, out := len(l.in), size(l.kernel), size(l.out)
	groups := c.integer("offset_group", 1)
	depth, filters := x.Shape[1]/l.groups, l.w.Shape[0]
	if groups < 1 || groups > cpuref.MaxOutputs || x.Shape[1]%groups != 0 || l.w.Shape[1] != depth {
		refuse("attribute offset_group is %d, must divide %d channels, and w of shape %v must have %d channels",
			groups, x.Shape[1], l.w.Shape, depth)
	}
	for i, channels := range map[int]int{2: groups * kernels * rank, 4: groups * kernels} {
		want := slices.Concat([]int{x.Shape[0], channels}, l.out)
		if a := c.input(i); a != nil && !slices.Equal(a.Shape, want) {
			refuse("input %d of shape %v, must be %v", i, c.in[i].Shape, want)
		}
	}
	s := newSums(append([]int{x.Shape[0], filters}, l.out...), depth*kernels)
	errors := make([]float64, len(s.value))
	plane := size(l.in)
	for n := range x.Shape[0] {
		for ch := range x.Shape[1] {
			group := n*groups + ch/(x.Shape[1]/groups)
			for k := range kernels {
				for o := range out {
					moves := offset.Data[(group*kernels+k)*rank*out:]
					v, e := l.deformed(x.Data[(n*x.Shape[1]+ch)*plane:], moves, k, o)
					if mask != nil {
						m := mask.Data[(group*kernels+k)*out+o]
						v, e = v*m, e*math.Abs(m)+u*math.Abs(v*m)
					}
					for m := ch / depth * (filters / l.groups); m < (ch/depth+1)*(filters/l.groups); m++ {
						w := l.w.Data[(m*depth+ch%depth)*kernels+k]
						s.add((n*filters+m)*out+o, v*w)
						errors[(n*filters+m)*out+o] += e * math.Abs(w)
					}
				}
			}
		}
	}
	s.bias(c.input(3))
	results := s.result(x.Type)
	for i, e := range errors {
		results[0].Allowed[i] += e * slack
	}
	return results
}

// deformed is the input at tap k of output o, moved by its offsets.
func (l *layer) deformed(x, offset []float64, k, o int) (v, allowed float64) {
	rank, out := len(l.in), size(l.out)
	tap, at := make([]int, rank), make([]int, rank)
	coordinates(k, l.kernel, tap)
	coordinates(o, l.out, at)
	axes := make([][]part, rank)
	for d := range axes {
		base, move := float64(at[d]*l.stride[d]-l.before[d]+tap[d]*l.dilation[d]), offset[d*out+o]
		off := known(2 * u * (math.Abs(base) + math.Abs(move)))
		axes[d] = linear.parts(base+move, off, func(i int) int {
			if i < 0 || i >= l.in[d] {
				return -1
			}
			return i
		})
	}
	return blend(x, strides(l.in), axes)
}

// nonMaxSuppression chooses boxes of each class by their scores, the largest first, that overlap with no chosen one by
// more than a share. Its results are places (batch, class, box) and must be equal: whoever wants a verdict takes boxes
// whose shares are no closer to the threshold than float32 rounds.
func nonMaxSuppression(c *call) []Result {
	boxes, scores := c.in[0], c.in[1]
	if len(boxes.Shape) != 3 || len(scores.Shape) != 3 ||
		!slices.Equal(boxes.Shape, []int{scores.Shape[0], scores.Shape[2], 4}) {
		refuse("boxes of shape %v and scores of shape %v, must be (batch, boxes, 4) and (batch, classes, boxes)",
			boxes.Shape, scores.Shape)
	}
	most, share, least := held(c.scalar(2, 0)), c.scalar(3, 0), c.scalar(4, math.Inf(-1))
	center := c.flag("center_point_box", false)
	r := Result{Array: Array{Type: onnx.Int64}}
	count := boxes.Shape[1]
	for n := range boxes.Shape[0] {
		for class := range scores.Shape[1] {
			line := scores.Data[(n*scores.Shape[1]+class)*count:][:count]
			order := every(count)
			slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(line[j], line[i]) })
			var chosen []int
			for _, i := range order {
				box := func(k int) [4]float64 { return corners(boxes.Data[(n*count+k)*4:], center) }
				covered := func(k int) bool { return overlap(box(i), box(k)) > share }
				if len(chosen) < most && line[i] > least && !slices.ContainsFunc(chosen, covered) {
					chosen = append(chosen, i)
					r.Data = append(r.Data, float64(n), float64(class), float64(i))
				}
			}
		}
	}
	r.Shape = []int{len(r.Data) / 3, 3}
	return one(r)
}

// corners are the lower and the upper end of a box on both axes: of two opposite corners, or of its middle, width and
// height.
func corners(b []float64, center bool) [4]float64 {
	if center {
		return [4]float64{b[1] - b[3]/2, b[0] - b[2]/2, b[1] + b[3]/2, b[0] + b[2]/2}
	}
	return [4]float64{min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3])}
}

// overlap is the area that both boxes cover over that which one does.
func overlap(a, b [4]float64) float64 {
	both := max(0, min(a[2], b[2])-max(a[0], b[0])) * max(0, min(a[3], b[3])-max(a[1], b[1]))
	area := func(b [4]float64) float64 { return (b[2] - b[0]) * (b[3] - b[1]) }
	if all := area(a) + area(b) - both; all > 0 {
		return both / all
	}
	return 0
}
