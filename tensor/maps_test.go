package tensor

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	lowest  = color.RGBA{199, 229, 255, 255}
	zero    = color.RGBA{46, 48, 54, 255}
	highest = color.RGBA{255, 228, 190, 255}
)

func TestMapColor(t *testing.T) {
	for at, want := range map[float64]color.RGBA{
		-1: lowest, 0: zero, 1: highest, -3: lowest, 7: highest,
		0.1: {69, 51, 49, 255}, // half way between the middle and the next anchor
	} {
		if got := mapColor(at); got != want {
			t.Errorf("mapColor(%v): got %v, want %v", at, got, want)
		}
	}
	// What is farther from zero is lighter, on both sides, and the sides cannot be confused.
	lightness := func(c color.RGBA) int { return 2126*int(c.R) + 7152*int(c.G) + 722*int(c.B) }
	for at := 0.05; at <= 1; at += 0.05 {
		below, above := mapColor(-at), mapColor(at)
		if lightness(below) <= lightness(mapColor(0.05-at)) || lightness(above) <= lightness(mapColor(at-0.05)) {
			t.Errorf("%v is no lighter than %v", at, at-0.05)
		}
		if at > 0.1 && (below.B <= below.R || above.R <= above.B) {
			t.Errorf("%v is not blue below zero and orange above: %v, %v", at, below, above)
		}
	}
}

// testMaps is 4 x 2 (W x H) with 4 slices: a ramp, the ramp * 10, zeros with one
// NaN, and zeros with both infinities.
func testMaps(t *testing.T) Volume {
	t.Helper()
	v, err := NewVolume(2, 2, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 2 {
		for x := range 4 {
			v.Set(x, y, 0, float32(4*y+x)/7)
			v.Set(x, y, 1, float32(4*y+x)/0.7)
		}
	}
	v.Set(1, 0, 2, float32(math.NaN()))
	v.Set(2, 1, 3, float32(math.Inf(1)))
	v.Set(3, 1, 3, float32(math.Inf(-1)))
	return v
}

func TestMapsPixels(t *testing.T) {
	v := testMaps(t)
	v.Set(0, 0, 0, -1)
	bound := make([]float64, 4*2*4)
	bound[v.Index(0, 1, 2, 1)] = 9  // of 6/0.7, the smaller
	bound[v.Index(0, 1, 3, 1)] = 9  // of 10
	bound[v.Index(0, 0, 1, 2)] = 99 // of NaN
	w, err := NewFilters(4, 2, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	w.Set(3, 1, 0, 0, -5)
	w.Set(3, 0, 1, 2, 5)
	x, _ := NewVolume(2, 2, 4, 1)
	x.Set(0, 0, 0, -2)
	x.Set(3, 1, 0, 2)
	gray := func(g uint8) color.RGBA { return color.RGBA{g, g, g, 255} }
	// By hand: margin 20, no title, one line of 16 + 8: maps begin at y = 44. A map is 4*40 = 160 wide and
	// 2*40 = 80 high; the next one is 16 to the right, or 2 + two lines of text * 16 + 16 down. An input of 4 x 2
	// is 80 pixels an element, and as wide as the label below it at least; a filter of 2 x 2 is 24 an element.
	const left, top, right, down = 20, 44, 160 + 16, 80 + 34 + 16
	type pixel struct {
		x, y int
		want color.RGBA
	}
	element := func(left, right, d, x, y int) image.Point {
		return image.Pt(left+d%2*right+x*40, top+d/2*down+y*40)
	}
	maps := func(left, right int, flat bool) []pixel {
		var list []pixel
		for _, p := range []struct {
			d, x, y int
			want    color.RGBA
		}{
			{0, 0, 0, mapColor(-0.1)}, {0, 3, 1, mapColor(0.1)}, {1, 0, 0, zero}, {1, 3, 1, highest},
			{1, 2, 1, mapColor(6. / 7)},
			{2, 0, 0, zero}, {2, 1, 0, nanColor}, {3, 2, 1, highest}, {3, 3, 1, lowest},
		} {
			if flat && p.d == 1 && p.x == 2 {
				p.want = zero
			}
			for _, corner := range []image.Point{{0, 0}, {39, 0}, {0, 39}, {39, 39}} {
				at := element(left, right, p.d, p.x, p.y).Add(corner)
				list = append(list, pixel{at.X, at.Y, p.want})
			}
		}
		return list
	}
	options := MapOptions{Scale: 40, Columns: 2}
	flat, whole := options, options
	flat.Bound = bound
	whole.Input, whole.Filters = x, w
	const picture, filter = 4*80 + 16, 48 + 4
	for name, test := range map[string]struct {
		o      MapOptions
		pixels []pixel
	}{
		"maps":  {options, maps(left, right, false)},
		"bound": {flat, maps(left, right, true)},
		"beside X and W": {whole, append(maps(left+picture+filter, right+filter, false),
			pixel{left, top, gray(0)}, pixel{left + 79, top + 79, gray(0)}, pixel{left + 80, top, gray(128)},
			pixel{left + 3*80, top + 80, gray(255)},
			pixel{left + picture, top, gray(128)}, // the first filter is zero
			pixel{left + picture + right + filter + 24, top + down, color.RGBA{0, 128, 128, 255}},
			pixel{left + picture + right + filter, top + down + 24, color.RGBA{128, 128, 255, 255}},
			pixel{left + picture + 48, top, sheetColor})},
	} {
		img, err := Maps(v, test.o)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range test.pixels {
			if got := img.At(p.x, p.y); !near(got, p.want) {
				t.Errorf("%s: %d, %d is %v, want %v", name, p.x, p.y, got, p.want)
			}
		}
		for _, outside := range []image.Point{{0, 0}, {19, 44}, {20, 43}} {
			if got := img.At(outside.X, outside.Y); got != sheetColor {
				t.Errorf("%s: background at %v is %v", name, outside, got)
			}
		}
		if got := img.Bounds().Dy(); got != top+2*down-16+20 {
			t.Errorf("%s: height %d, want %d", name, got, top+2*down-16+20)
		}
	}
}

// TestMapsLeaveOut holds that what cannot be shown beside the maps is left out, and large inputs are shrunk.
func TestMapsLeaveOut(t *testing.T) {
	v := testMaps(t)
	size := func(o MapOptions) image.Point {
		t.Helper()
		o.Columns, o.Scale = 4, 100 // the maps are wider than the words above them
		img, err := Maps(v, o)
		if err != nil {
			t.Fatal(err)
		}
		return img.Bounds().Size()
	}
	deep, _ := NewVolume(1, 4, 4, 2)
	deepFilters, _ := NewFilters(4, 3, 3, 2)
	solid, _ := NewFilterBanks(1, 4, 2, 3, 3, 3)
	banks, _ := NewFilterBanks(2, 4, 1, 3, 3, 3)
	plain := size(MapOptions{})
	for _, o := range []MapOptions{{Input: deep}, {Filters: deepFilters}, {Filters: solid}, {Filters: banks}} {
		if got := size(o); got != plain {
			t.Errorf("%+v: %v, must be as without: %v", o, got, plain)
		}
	}
	large, _ := NewVolume(1, 500, 2000, 3)
	if got := size(MapOptions{Input: large}); got.X != plain.X+320+16 {
		t.Errorf("a large input makes it %v, must be %d wider than %v", got, 320+16, plain)
	}
}

// near allows for the rounding of float32 values.
func near(c color.Color, want color.RGBA) bool {
	got := c.(color.RGBA)
	for _, p := range [][2]uint8{{got.R, want.R}, {got.G, want.G}, {got.B, want.B}, {got.A, want.A}} {
		if d := int(p[0]) - int(p[1]); d < -1 || d > 1 {
			return false
		}
	}
	return true
}

// Words must be seen: the title, the labels and the ranges in their colours.
func TestMapsText(t *testing.T) {
	v := testMaps(t)
	count := func(o MapOptions, c color.RGBA) (n int) {
		t.Helper()
		img, err := Maps(v, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range slices.Collect(slices.Chunk(img.(*image.RGBA).Pix, 4)) {
			if p[0] == c.R && p[1] == c.G && p[2] == c.B {
				n++
			}
		}
		return n
	}
	if n := count(MapOptions{}, titleColor); n != 0 {
		t.Errorf("no title: %d pixels of it", n)
	}
	if n := count(MapOptions{Title: "conv1"}, titleColor); n < 40 {
		t.Errorf("title: %d pixels", n)
	}
	short, long := count(MapOptions{}, labelColor),
		count(MapOptions{Labels: []string{"edges", "blobs", "stripes", "sky"}}, labelColor)
	if short < 100 || long <= short {
		t.Errorf("labels: %d pixels by default, %d with words", short, long)
	}
	bound := make([]float64, 4*2*4)
	if without, with := count(MapOptions{}, rangeColor), count(MapOptions{Bound: bound}, rangeColor); without < 100 ||
		with <= without {
		t.Errorf("ranges: %d pixels, %d with how many elements are within the bound", without, with)
	}
}

func TestMapsRange(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, test := range []struct {
		values    []float32
		low, high string
		end       float64 // of the scale
	}{
		{[]float32{1, -2.5, 0}, "-2.5", "1", 2.5},
		{[]float32{nan, 3, inf, -inf, nan}, "3", "3", 3},
		{[]float32{nan}, "none", "none", 0},
		{[]float32{float32(math.Copysign(0, -1))}, "0", "0", 0},
		{[]float32{-math.MaxFloat32, math.MaxFloat32}, "-3.403e+38", "3.403e+38", math.MaxFloat32},
		{append(slices.Repeat([]float32{-1, 0}, 99), 50), "-1", "50", 1}, // one of 100 that are not zero lies beyond
		{append(slices.Repeat([]float32{-1, 0}, 98), 50), "-1", "50", 50},
	} {
		low, high := rangeOf(test.values).ends()
		if end := scaleEnd(test.values); low != test.low || high != test.high || end != test.end {
			t.Errorf("%v: got %s .. %s, and a scale to %v", test.values, low, high, end)
		}
		for _, x := range test.values {
			divergingColor(float64(x), test.end) // must not panic
		}
	}
}

func TestMapsFit(t *testing.T) {
	for _, test := range []struct{ h, w, scale int }{{1, 1, 128}, {11, 11, 12}, {27, 27, 5}, {3, 55, 2}, {224, 224, 1},
		{5000, 1, 1}} {
		if got := fittingScale(Volume{H: test.h, W: test.w}); got != test.scale {
			t.Errorf("scale of %d x %d: got %d, want %d", test.h, test.w, got, test.scale)
		}
	}
	for n, want := range map[int]int{1: 1, 2: 2, 3: 3, 4: 2, 5: 5, 7: 3, 12: 4, 64: 8, 96: 12, 97: 10} {
		if got := fittingColumns(n); got != want {
			t.Errorf("columns of %d maps: got %d, want %d", n, got, want)
		}
	}
}

func TestMapsRefuses(t *testing.T) {
	v := testMaps(t)
	filters, _ := NewFilters(3, 3, 3, 3)
	big, _ := NewVolume(1, 1, 1, 1<<18)
	for _, test := range []struct {
		v    Volume
		o    MapOptions
		want string
	}{
		{v, MapOptions{Columns: -1}, "-1 columns"},
		{v, MapOptions{Scale: -1}, "scale -1"},
		{v, MapOptions{Scale: 1025}, "scale 1025; use 1 to 1024"},
		{v, MapOptions{Labels: []string{"a"}}, "1 labels; volume 2x2x4x4 (NHWC) needs 4"},
		{v, MapOptions{Bound: make([]float64, 64)}, "64 bounds; volume 2x2x4x4 (NHWC) needs 32"},
		{v, MapOptions{Filters: filters}, "filters 3x3x3x3 (OHWI); volume 2x2x4x4 (NHWC) needs 4"},
		{v, MapOptions{Filters: Filters{K: 4, Data: []float32{1}}}, "H is 0"},
		{v, MapOptions{Input: Volume{N: 1, H: 1, W: 1, D: 3, Data: []float32{1}}}, "it holds 1 elements"},
		{big, MapOptions{}, "more than 67108864"},
		{Volume{N: 1, H: 4096, W: 4096, D: 1, Data: make([]float32, 4096*4096)}, MapOptions{Scale: 3},
			"more than 67108864"},
		{Volume{}, MapOptions{}, "N is 0"},
	} {
		_, err := Maps(test.v, test.o)
		if !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want %q in it", err, test.want)
		}
	}
}

func TestWriteMapsFile(t *testing.T) {
	v := testMaps(t)
	path := filepath.Join(t.TempDir(), "maps.PNG")
	o := MapOptions{Title: strings.Repeat("a long title, ", 50), Columns: 99, Labels: []string{"", "ü", "x\ny", "z"}}
	if err := WriteMapsFile(path, v, o); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Maps(v, o)
	if err != nil || got.Bounds() != want.Bounds() {
		t.Errorf("the file is %v, the picture %v, %v", got.Bounds(), want.Bounds(), err)
	}
	for _, bad := range []string{"maps.jpg", "maps", "maps.png.gz"} {
		if err := WriteMapsFile(bad, v, o); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "use .png") {
			t.Errorf("%s: error %v", bad, err)
		}
	}
	if err := WriteMapsFile(path, Volume{}, o); !errors.Is(err, ErrShape) {
		t.Errorf("no volume: error %v", err)
	}
}
