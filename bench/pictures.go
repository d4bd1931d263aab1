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

	"github.com/gpuconv/gpuconv/host"
)

var (
	blue   = color.RGBA{R: 0x2b, G: 0x6c, B: 0xb0, A: 0xff}
	orange = color.RGBA{R: 0xdd, G: 0x6b, B: 0x20, A: 0xff}
	pale   = color.RGBA{R: 0xe2, G: 0xe8, B: 0xf0, A: 0xff}
)

// wide is the width of a picture; each layer adds a line to its height.
const (
	wide = 11 * vg.Inch
	line = 22 * vg.Length(1)
)

// draw makes the pictures of results that have times.
func draw(results []Result, f File) ([]picture, error) {
	all := []struct {
		title, about string
		plot         func() (*plot.Plot, error)
		height       vg.Length
	}{
		{"Layers", "GFLOP/s at the median time, FLOPs counted as direct convolution whatever the algorithm.", func() (*plot.Plot, error) { return bars(results) }, 70 + line*vg.Length(len(results))},
		{"Roofline", "Each point is the layer of that number in the table; the line is what the device's own ceilings allow.", func() (*plot.Plot, error) { return roofline(results, f.Ceilings) }, 5.5 * vg.Inch},
		{"Spread of the samples", "Each layer's samples over their median: the box holds the middle half, points lie further than 1.5 boxes outside.", func() (*plot.Plot, error) { return spread(results) }, 70 + line*vg.Length(len(results))},
	}
	var pictures []picture
	for _, one := range all {
		p, err := one.plot()
		if err != nil {
			return nil, err
		}
		svg, err := render(p, one.height)
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, picture{one.title, one.about, svg})
	}
	return pictures, nil
}

// render gives a plot as an element of a page.
func render(p *plot.Plot, height vg.Length) (template.HTML, error) {
	canvas := vgsvg.New(wide, height)
	p.Draw(vgdraw.New(canvas))
	var text bytes.Buffer
	if _, err := canvas.WriteTo(&text); err != nil {
		return "", err
	}
	_, element, found := strings.Cut(text.String(), "<svg")
	if !found {
		return "", fmt.Errorf("no picture in %.60q", text.String())
	}
	return template.HTML("<svg" + element), nil // plot escapes its texts
}

// newPlot is an empty plot in sans serif with a grid.
func newPlot() *plot.Plot {
	p := plot.New()
	for _, f := range []*font.Font{&p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font, &p.Y.Tick.Label.Font} {
		f.Variant, f.Size = "Sans", 11
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = pale, pale
	p.Add(grid)
	return p
}

// names label a line for each result, the first one on top.
func names(p *plot.Plot, results []Result) {
	several := slices.ContainsFunc(results, func(r Result) bool { return r.Algorithm != results[0].Algorithm })
	labels := make([]string, len(results))
	for i, r := range results {
		labels[len(results)-1-i] = r.label()
		if several {
			labels[len(results)-1-i] += " · " + r.Algorithm
		}
	}
	for i := range labels {
		labels[i] += "   " // away from the axis, also where the browser's letters are wider
	}
	p.NominalY(labels...)
	p.Y.Min, p.Y.Max = -0.6, float64(len(results))-0.4
}

func bars(results []Result) (*plot.Plot, error) {
	p := newPlot()
	values := make(plotter.Values, len(results))
	for i, r := range results {
		values[len(results)-1-i] = r.GFLOPS
	}
	chart, err := plotter.NewBarChart(values, line*0.6)
	if err != nil {
		return nil, err
	}
	chart.Horizontal, chart.Color, chart.LineStyle.Width = true, blue, 0
	p.Add(chart)
	names(p, results)
	p.X.Label.Text, p.X.Min, p.X.Max = "GFLOP/s", 0, 1.03*p.X.Max
	return p, nil
}

// spread has a box plot for each result.
func spread(results []Result) (*plot.Plot, error) {
	p := newPlot()
	for i, r := range results {
		relative := make(plotter.Values, len(r.Time.Samples))
		for k, s := range r.Time.Samples {
			relative[k] = s / r.Time.Median
		}
		box, err := plotter.NewBoxPlot(line*0.6, float64(len(results)-1-i), relative)
		if err != nil {
			return nil, err
		}
		box.Horizontal, box.FillColor = true, pale
		box.MedianStyle.Color, box.MedianStyle.Width = orange, 2
		p.Add(box)
	}
	names(p, results)
	p.X.Label.Text = "time / median"
	if p.X.Max-p.X.Min < 0.02 {
		p.X.Min, p.X.Max = p.X.Min-0.01, p.X.Max+0.01
	}
	return p, nil
}

// roofline has the intensities and rates of the results, and the ceilings where they are known.
func roofline(results []Result, c *host.Ceilings) (*plot.Plot, error) {
	p := newPlot()
	points, numbers := make(plotter.XYs, len(results)), make([]string, len(results))
	low, high := math.Inf(1), math.Inf(-1) // intensities
	for i, r := range results {
		points[i] = plotter.XY{X: float64(r.FLOP) / float64(r.Bytes), Y: r.GFLOPS}
		numbers[i] = fmt.Sprint(i + 1)
		low, high = min(low, points[i].X), max(high, points[i].X)
	}
	scatter, err := plotter.NewScatter(points)
	if err != nil {
		return nil, err
	}
	scatter.GlyphStyle = vgdraw.GlyphStyle{Color: blue, Radius: 3.5, Shape: vgdraw.CircleGlyph{}}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: points, Labels: numbers})
	if err != nil {
		return nil, err
	}
	labels.Offset = vg.Point{X: 5, Y: 2}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font.Variant = "Sans"
	}
	p.Add(scatter, labels)
	low, high = low/2, high*2
	if c != nil {
		knee := c.GFLOPS / c.GBs
		low, high = min(low, knee/2), max(high, knee*2)
		roof, err := plotter.NewLine(plotter.XYs{{X: low, Y: low * c.GBs}, {X: knee, Y: c.GFLOPS}, {X: high, Y: c.GFLOPS}})
		if err != nil {
			return nil, err
		}
		roof.Color, roof.Width = orange, 2
		p.Add(roof)
	}
	logarithmic(&p.X, low, high, "operations / byte")
	logarithmic(&p.Y, p.Y.Min/2, p.Y.Max*2, "GFLOP/s")
	return p, nil
}

// logarithmic makes an axis so, with labels at powers of ten, and at 2 and 5 of a short one.
func logarithmic(a *plot.Axis, low, high float64, label string) {
	a.Scale, a.Label.Text, a.Min, a.Max = plot.LogScale{}, label, low, high
	var ticks plot.ConstantTicks
	short := math.Log10(high/low) < 3
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
