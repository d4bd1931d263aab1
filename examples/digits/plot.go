package main

import (
	"fmt"
	"image/color"
	"math"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// ink is what both curves are drawn in.
var ink = color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}

// smoothed is how many steps each point of the loss is the mean of.
const smoothed = 20

// draw draws the loss of the steps, and beside it the share of test pictures that were read right.
func (w way) draw(file string) error {
	var loss, wrong plotter.XYs
	steps := float64(len(w.losses)) / float64(len(w.right))
	for i := smoothed; i <= len(w.losses); i += smoothed {
		loss = append(loss, plotter.XY{X: float64(i) / steps, Y: mean(w.losses[i-smoothed : i])})
	}
	for i, right := range w.right {
		wrong = append(wrong, plotter.XY{X: float64(i + 1), Y: 100 * right})
	}
	left, err := panel("cross-entropy of training pictures", loss, false)
	if err != nil {
		return err
	}
	right, err := panel("% of test pictures right", wrong, true)
	if err != nil {
		return err
	}
	left.Y.Min = 0
	img := vgimg.New(9*vg.Inch, 3.5*vg.Inch)
	plots := [][]*plot.Plot{{left, right}}
	tiles := draw.Tiles{Rows: 1, Cols: 2, PadX: vg.Inch / 4, PadTop: vg.Inch / 8, PadBottom: vg.Inch / 8,
		PadLeft: vg.Inch / 8, PadRight: vg.Inch / 8}
	for i, canvas := range plot.Align(plots, tiles, draw.New(img))[0] {
		plots[0][i].Draw(canvas)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := (vgimg.PngCanvas{Canvas: img}).WriteTo(f); err != nil {
		return err
	}
	return f.Close()
}

// panel is one curve over the epochs.
func panel(title string, points plotter.XYs, marked bool) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text = title, "epochs"
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return nil, err
	}
	line.Color, line.Width, marks.Color, marks.Shape = ink, vg.Points(1.5), ink, draw.CircleGlyph{}
	p.Add(plotter.NewGrid(), line)
	if marked {
		p.Add(marks)
	}
	p.X.Min, p.X.Tick.Marker = 0, plot.TickerFunc(epochs)
	return p, nil
}

// epochs marks whole epochs.
func epochs(from, to float64) (ticks []plot.Tick) {
	for i := math.Ceil(from); i <= to; i++ {
		ticks = append(ticks, plot.Tick{Value: i, Label: fmt.Sprint(i)})
	}
	return ticks
}
