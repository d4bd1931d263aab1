//go:build !js

package bench

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The colours that plot draws with stand for those of the page, which has some for light and some for dark.
var (
	lineColor = color.RGBA{R: 0xaa, G: 0xbb, B: 0xcc, A: 0xff}
	roofColor = color.RGBA{R: 0xaa, G: 0xbb, B: 0xdd, A: 0xff}
	themed    = strings.NewReplacer("#000000", "var(--ink)", "#AABBCC", "var(--line)", "#AABBDD", "var(--mark)")
)

// The roofline is small, so that its letters can still be read where the page is narrow.
const (
	roofWidth  = 6 * vg.Inch
	roofHeight = 4 * vg.Inch
)

// box is one layer's samples over their median, as places from 0 to 100 on an axis that all layers share.
type box struct {
	Low, First, Median, Third, High string
	Wide                            string   // from First to Third
	Outside                         []string // samples far from the others, at the edge where they are beyond it
	About                           string
	wide                            float64 // the middle half over the median
}

// sort is the figure by which the boxes are ordered.
func (b *box) sort() string {
	if b == nil {
		return ""
	}
	return decimal(b.wide)
}

// boxesOf gives each result with samples its box.
func boxesOf(results []Result) ([]*box, error) {
	plots := make([]*plotter.BoxPlot, len(results))
	low, high := 1.0, 1.0
	for i, r := range results {
		if r.Error != "" || len(r.Time.Samples) == 0 {
			continue
		}
		relative := make(plotter.Values, len(r.Time.Samples))
		for k, s := range r.Time.Samples {
			relative[k] = s / r.Time.Median
		}
		var err error
		if plots[i], err = plotter.NewBoxPlot(1, 0, relative); err != nil {
			return nil, err
		}
		low, high = min(low, plots[i].AdjLow), max(high, plots[i].AdjHigh)
	}
	margin := max(0.05*(high-low), 0.01)
	low, high = low-margin, high+margin
	boxes := make([]*box, len(results))
	for i, p := range plots {
		if p != nil {
			boxes[i] = newBox(p, func(v float64) float64 { return 100 * min(max((v-low)/(high-low), 0.01), 0.99) })
		}
	}
	return boxes, nil
}

// newBox puts a box plot on an axis.
func newBox(p *plotter.BoxPlot, place func(float64) float64) *box {
	at := func(v float64) string { return decimal(place(v)) }
	b := &box{
		Low:    at(p.AdjLow),
		First:  at(p.Quartile1),
		Median: at(p.Median),
		Third:  at(p.Quartile3),
		High:   at(p.AdjHigh),
	}
	b.wide = p.Quartile3 - p.Quartile1
	b.Wide = decimal(place(p.Quartile3) - place(p.Quartile1))
	seen := map[string]bool{} // hundreds of samples may lie in one place
	for _, i := range p.Outside {
		if x := decimal(math.Round(place(p.Values[i]))); !seen[x] {
			seen[x] = true
			b.Outside = append(b.Outside, x)
		}
	}
	b.About = fmt.Sprintf("over the median: middle half %.3g to %.3g, all %.3g to %.3g, %d of %d outside",
		p.Quartile1, p.Quartile3, p.Min, p.Max, len(p.Outside), len(p.Values))
	return b
}

// point is a result in the roofline.
type point struct {
	plotter.XY
	number int
	about  string
}

// points are the results with an intensity and a rate.
func points(results []Result) (all []point) {
	for i, r := range results {
		p := point{plotter.XY{X: float64(r.FLOP) / float64(r.Bytes), Y: r.GFLOPS}, i + 1, ""}
		if r.Error != "" || !drawable(p.X) || !drawable(p.Y) {
			continue
		}
		p.about = fmt.Sprintf("%d: %s, %s: %s GFLOP/s at %s operations / byte",
			p.number, r.Label(), r.algorithm(), rateText(p.Y), rateText(p.X))
		all = append(all, p)
	}
	return all
}

// drawable reports whether a figure has a place on a logarithmic axis: files may hold any.
func drawable(v float64) bool { return v > 1e-30 && v < 1e30 }

// roofline draws the intensities and rates of results, and the ceilings where they are known. It is empty
// where there is nothing to draw.
func roofline(f File) (template.HTML, error) {
	all := points(f.Results)
	if len(all) == 0 {
		return "", nil
	}
	p, err := axes(all, f.Ceilings)
	if err != nil {
		return "", err
	}
	svg := vgsvg.New(roofWidth, roofHeight)
	canvas := vgdraw.New(svg)
	p.Draw(canvas)
	var text bytes.Buffer
	if _, err := svg.WriteTo(&text); err != nil {
		return "", err
	}
	_, element, found := strings.Cut(text.String(), "<svg")
	element, _, closed := strings.Cut(element, "</svg>")
	if !found || !closed {
		return "", fmt.Errorf("no picture in %.60q", text.String())
	}
	inside := p.DataCanvas(canvas)
	x, y := p.Transforms(&inside)
	marks := marks(all, func(p point) (float64, float64) { return x(p.X).Points(), (roofHeight - y(p.Y)).Points() })
	// plot escapes its texts, and marks those of the results.
	return template.HTML(`<svg role="img" aria-label="Roofline"` + themed.Replace(element) + marks + "</svg>"), nil
}

// marks are the points of the roofline: links to their rows that tell what they are. A number is left out
// where there is no room for it beside its point.
func marks(all []point, place func(point) (x, y float64)) string {
	var text strings.Builder
	var taken []area
	for _, p := range all {
		x, y := place(p)
		taken = append(taken, area{x - 4, y - 4, x + 4, y + 4})
	}
	for _, p := range all {
		x, y := place(p)
		n := fmt.Sprint(p.number)
		wide := 7 * float64(len(n)) // of a number in the page's letters, which are 9 high
		fmt.Fprintf(&text, `<a href="#r%s"><title>%s</title>`, n, template.HTMLEscapeString(p.about))
		fmt.Fprintf(&text, `<circle cx="%.1f" cy="%.1f" r="4"/>`, x, y)
		for _, at := range [][2]float64{{x + 6, y + 4}, {x - 6 - wide, y + 4}, {x - wide/2, y - 6},
			{x - wide/2, y + 14}} {
			label := area{at[0], at[1] - 9, at[0] + wide, at[1]}
			if !slices.ContainsFunc(taken, label.meets) {
				taken = append(taken, label)
				fmt.Fprintf(&text, `<text x="%.1f" y="%.1f">%s</text>`, at[0], at[1], n)
				break
			}
		}
		text.WriteString("</a>\n")
	}
	return text.String()
}

// area is a rectangle.
type area struct{ left, top, right, bottom float64 }

func (a area) meets(b area) bool {
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

// axes are the roofline without its points.
func axes(all []point, c *Ceilings) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		for _, f := range []*font.Font{&a.Label.TextStyle.Font, &a.Tick.Label.Font} {
			f.Variant, f.Size = "Sans", 11
		}
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = lineColor, lineColor
	p.Add(grid)
	left, right, low, high := math.Inf(1), 0.0, math.Inf(1), 0.0
	for _, one := range all {
		left, right, low, high = min(left, one.X), max(right, one.X), min(low, one.Y), max(high, one.Y)
	}
	left, right = left/2, right*2
	if c != nil && drawable(c.GFLOPS) && drawable(c.GBs) {
		knee := c.GFLOPS / c.GBs
		left, right = min(left, knee/2), max(right, knee*2)
		low, high = min(low, left*c.GBs), max(high, c.GFLOPS)
		roof, err := plotter.NewLine(
			plotter.XYs{{X: left, Y: left * c.GBs}, {X: knee, Y: c.GFLOPS}, {X: right, Y: c.GFLOPS}},
		)
		if err != nil {
			return nil, err
		}
		roof.Color, roof.Width = roofColor, 2
		p.Add(roof)
	}
	logarithmic(&p.X, left, right, "operations / byte")
	logarithmic(&p.Y, low/2, high*2, "GFLOP/s")
	return p, nil
}

// logarithmic makes an axis so, with labels at powers of ten, and at 2 and 5 of a short one.
func logarithmic(a *plot.Axis, low, high float64, label string) {
	a.Scale, a.Label.Text, a.Min, a.Max = plot.LogScale{}, label, low, high
	var ticks plot.ConstantTicks
	short := math.Log10(high/low) < 2
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for d := 1.0; d < 10; d++ {
			t := plot.Tick{Value: d * math.Pow(10, e)}
			if d == 1 || short && (d == 2 || d == 5) {
				t.Label = fmt.Sprintf("%.6g", t.Value)
			}
			if t.Value >= low && t.Value <= high {
				ticks = append(ticks, t)
			}
		}
	}
	a.Tick.Marker = ticks
}
