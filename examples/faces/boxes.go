package main

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/tensor"
)

// face is a box in parts of the photo's width and height, and how likely a face is in it.
type face struct{ left, top, right, bottom, score float64 }

const (
	likely  = 0.7 // the least score of a face
	overlap = 0.3 // boxes that share more than this part of what they cover are one face
)

// sides are those of the boxes, in pixels, that the network has at each place of its maps. The places of the first map
// lie eight pixels apart, those of each other one twice as far as before.
var sides = [][]float64{{10, 16, 24}, {32, 48}, {64, 96}, {128, 192, 256}}

// find gives the faces in what the network says of each of its boxes: two scores, the second one of a face, and four
// moves.
func find(scores, moves []float32, height, width int) (faces []face, err error) {
	h, w, at := float64(height), float64(width), 0
	for m, list := range sides {
		apart := float64(int(8) << m)
		columns, rows := math.Ceil(w/apart), math.Ceil(h/apart)
		for place := range int(columns * rows) {
			x, y := float64(place%int(columns))+0.5, float64(place/int(columns))+0.5
			for _, side := range list {
				if len(scores) < 2*at+2 || len(moves) < 4*at+4 {
					return nil, fmt.Errorf("%d scores are too few for a picture of %dx%d", len(scores), width, height)
				}
				f := moved(x/columns, y/rows, min(side/w, 1), min(side/h, 1), moves[4*at:])
				if f.score = float64(scores[2*at+1]); f.score > likely {
					faces = append(faces, f)
				}
				at++
			}
		}
	}
	if len(scores) != 2*at || len(moves) != 4*at {
		return nil, fmt.Errorf("%d scores and %d moves, must be those of %d boxes", len(scores), len(moves), at)
	}
	return best(faces), nil
}

// moved is a box around x, y whose middle is moved by tenths of its size, and which grows by fifths of a power of e.
func moved(x, y, wide, tall float64, by []float32) face {
	x, y = x+0.1*float64(by[0])*wide, y+0.1*float64(by[1])*tall
	wide, tall = wide*math.Exp(0.2*float64(by[2])), tall*math.Exp(0.2*float64(by[3]))
	return face{left: x - wide/2, top: y - tall/2, right: x + wide/2, bottom: y + tall/2}
}

// best leaves out boxes that overlap with a likelier one (non-maximum suppression).
func best(faces []face) (kept []face) {
	slices.SortStableFunc(faces, func(a, b face) int { return cmp.Compare(b.score, a.score) })
	for _, f := range faces {
		if !slices.ContainsFunc(kept, func(k face) bool { return f.shared(k) > overlap }) {
			kept = append(kept, f)
		}
	}
	return kept
}

// shared is the part of what two boxes cover that both do.
func (f face) shared(k face) float64 {
	area := func(f face) float64 { return max(f.right-f.left, 0) * max(f.bottom-f.top, 0) }
	both := area(face{
		left: max(f.left, k.left), top: max(f.top, k.top),
		right: min(f.right, k.right), bottom: min(f.bottom, k.bottom),
	})
	return both / (area(f) + area(k) - both)
}

// pixels is the box on a photo.
func (f face) pixels(photo tensor.Volume) image.Rectangle {
	at := func(part float64, size int) int { return int(math.Round(part * float64(size))) }
	r := image.Rect(at(f.left, photo.W), at(f.top, photo.H), at(f.right, photo.W), at(f.bottom, photo.H))
	return r.Intersect(image.Rect(0, 0, photo.W, photo.H))
}
