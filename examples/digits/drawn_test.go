package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

var update = flag.Bool("update", false, "draw the pictures in drawn/ anew")

// point is a place in a digit: 0,0 is its upper left corner, and 1,1 its lower right one.
type point struct{ x, y float64 }

// strokes are how the digits are drawn: lines from point to point.
var strokes = [10][][]point{
	{ellipse(0.5, 0.5, 0.4, 0.5, 0, 360)},
	{{{0.38, 0.14}, {0.58, 0}, {0.5, 1}}},
	{join(ellipse(0.48, 0.28, 0.4, 0.28, 200, 400), []point{{0.1, 0.97}, {0.95, 0.95}})},
	{join(ellipse(0.45, 0.25, 0.36, 0.25, 210, 440), ellipse(0.45, 0.74, 0.42, 0.26, 280, 510))},
	{{{0.2, 0}, {0.08, 0.55}, {0.95, 0.52}}, {{0.72, 0.1}, {0.66, 1}}},
	{{{0.9, 0}, {0.25, 0.03}, {0.2, 0.42}}, join([]point{{0.2, 0.42}}, ellipse(0.45, 0.68, 0.42, 0.3, 250, 520))},
	{join([]point{{0.75, 0}, {0.4, 0.2}, {0.16, 0.5}}, ellipse(0.48, 0.73, 0.36, 0.26, 180, 540))},
	{{{0.05, 0.08}, {0.92, 0.03}, {0.6, 0.45}, {0.42, 1}}},
	{ellipse(0.5, 0.25, 0.3, 0.25, 0, 360), ellipse(0.5, 0.75, 0.38, 0.25, 0, 360)},
	{ellipse(0.48, 0.27, 0.34, 0.27, 0, 360), {{0.82, 0.25}, {0.78, 0.6}, {0.62, 1}}},
}

// ellipse is an arc, clockwise from one angle in degrees to another: 0 is right, and 90 below.
func ellipse(x, y, width, height, from, to float64) (arc []point) {
	const step = 10
	for a := from; a <= to; a += step {
		sin, cos := math.Sincos(a * math.Pi / 180)
		arc = append(arc, point{x + width*cos, y + height*sin})
	}
	return arc
}

func join(lines ...[]point) (all []point) {
	for _, l := range lines {
		all = append(all, l...)
	}
	return all
}

// distance is how far p is from the line from a to b.
func (p point) distance(a, b point) float64 {
	along := point{b.x - a.x, b.y - a.y}
	share := ((p.x-a.x)*along.x + (p.y-a.y)*along.y) / (along.x*along.x + along.y*along.y)
	share = max(0, min(1, share))
	return math.Hypot(p.x-a.x-share*along.x, p.y-a.y-share*along.y)
}

// drawing is a digit as MNIST has them: light on dark, 20 pixels high in the middle of 28.
func drawing(digit int) *image.Gray {
	const high, wide, pen = 19.0, 13.0, 1.3 // pixels; pen is half of a line's width
	img := image.NewGray(image.Rect(0, 0, size, size))
	for i := range size * size {
		at := point{float64(i%size) - (size-wide)/2 + 0.5, float64(i/size) - (size-high)/2 + 0.5}
		nearest := math.Inf(1)
		for _, line := range strokes[digit] {
			for k := range line[1:] {
				a, b := line[k], line[k+1]
				nearest = min(nearest, at.distance(point{a.x * wide, a.y * high}, point{b.x * wide, b.y * high}))
			}
		}
		img.Pix[i] = color.Gray{Y: uint8(255 * max(0, min(1, pen+0.5-nearest)))}.Y
	}
	return img
}

// TestDrawn holds the pictures of drawn/ against what draws them, and that the network of this folder reads each.
func TestDrawn(t *testing.T) {
	dev, err := host.Open(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	net, err := model.Load(dev, "digits.onnx", model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	for digit := range 10 {
		name := fmt.Sprintf("drawn/%d.png", digit)
		img := drawing(digit)
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, file.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if has, err := os.ReadFile(name); err != nil || !bytes.Equal(has, file.Bytes()) {
			t.Errorf("%s is another one, error %v: go test -update writes it", name, err)
		}
		x := tensor.Array{Shape: []int{1, 1, size, size}}
		for _, light := range img.Pix {
			x.Data = append(x.Data, float32(light))
		}
		out, verdict, err := net.Check(context.Background(), map[string]tensor.Array{"picture": x})
		if err != nil || !verdict.OK() {
			t.Fatalf("%s: %v, error %v", name, verdict.Err(), err)
		}
		if scores := out["scores"].Data; best(scores) != digit || scores[digit] < 0.5 {
			t.Errorf("%s is read as %d, with %.2g for %d", name, best(scores), scores[digit], digit)
		}
	}
}
