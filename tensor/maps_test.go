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
	lowest  = color.RGBA{68, 1, 84, 255}
	middle  = color.RGBA{33, 145, 140, 255}
	highest = color.RGBA{253, 231, 37, 255}
)

func TestMapColor(t *testing.T) {
	for at, want := range map[float64]color.RGBA{
		0: lowest, 0.5: middle, 1: highest, -3: lowest, 7: highest,
		0.0625: {70, 23, 104, 255}, // half way between the first two anchors
	} {
		if got := mapColor(at); got != want {
			t.Errorf("mapColor(%v): got %v, want %v", at, got, want)
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
	// By hand: margin 20, no title, one line of 16 + 8: maps begin at y = 44. A
	// map is 4*40 = 160 wide and 2*40 = 80 high; the next one is 16 to the right,
	// or 2 + lines of text * 16 + 16 down.
	type pixel struct {
		d, x, y int // of the element
		want    color.RGBA
	}
	for _, test := range []struct {
		name   string
		o      MapOptions
		height int
		down   int
		pixels []pixel
	}{
		{"own", MapOptions{Scale: 40, Columns: 2}, 44 + 2*(80+34) + 16 + 20, 80 + 34 + 16, []pixel{
			{0, 0, 0, lowest}, {0, 3, 1, highest}, {1, 0, 0, lowest}, {1, 3, 1, highest},
			{2, 0, 0, lowest}, {2, 1, 0, nanColor}, {3, 0, 0, lowest}, {3, 2, 1, highest}, {3, 3, 1, lowest},
			{0, 0, 1, mapColor(4. / 7)},
		}},
		{"common", MapOptions{Scale: 40, Columns: 2, CommonRange: true}, 44 + 2*(80+18) + 16 + 20, 80 + 18 + 16, []pixel{
			{0, 0, 0, lowest}, {0, 3, 1, mapColor(0.1)}, {1, 3, 1, highest}, {2, 1, 0, nanColor}, {3, 2, 1, highest},
		}},
	} {
		img, err := Maps(v, test.o)
		if err != nil {
			t.Fatal(err)
		}
		if got := img.Bounds().Dy(); got != test.height {
			t.Errorf("%s: height %d, want %d", test.name, got, test.height)
		}
		if got := img.Bounds().Dx(); got < 20+160+16+160+20 {
			t.Errorf("%s: width %d does not hold two maps", test.name, got)
		}
		for _, p := range test.pixels {
			left, top := 20+p.d%2*176+p.x*40, 44+p.d/2*test.down+p.y*40
			for _, corner := range []image.Point{{0, 0}, {39, 0}, {0, 39}, {39, 39}} {
				if got := img.At(left+corner.X, top+corner.Y); !near(got, p.want) {
					t.Errorf("%s: d=%d x=%d y=%d at %v: got %v, want %v", test.name, p.d, p.x, p.y, corner, got, p.want)
				}
			}
		}
		for _, outside := range []image.Point{{0, 0}, {19, 44}, {20, 43}, {180, 44}} {
			if got := img.At(outside.X, outside.Y); got != sheetColor {
				t.Errorf("%s: background at %v is %v", test.name, outside, got)
			}
		}
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
	short, long := count(MapOptions{}, labelColor), count(MapOptions{Labels: []string{"edges", "blobs", "stripes", "sky"}}, labelColor)
	if short < 100 || long <= short {
		t.Errorf("labels: %d pixels by default, %d with words", short, long)
	}
	if own, common := count(MapOptions{}, rangeColor), count(MapOptions{CommonRange: true}, rangeColor); own <= common {
		t.Errorf("ranges: %d pixels with own ones, %d with a common one", own, common)
	}
}

func TestMapsRange(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, test := range []struct {
		values    []float32
		low, high string
		nan       int
	}{
		{[]float32{1, -2.5, 0}, "-2.5", "1", 0},
		{[]float32{nan, 3, inf, -inf, nan}, "3", "3", 2},
		{[]float32{nan}, "none", "none", 1},
		{[]float32{float32(math.Copysign(0, -1))}, "0", "0", 0},
		{[]float32{-math.MaxFloat32, math.MaxFloat32}, "-3.403e+38", "3.403e+38", 0},
	} {
		r := rangeOf(test.values)
		if low, high := r.ends(); low != test.low || high != test.high || r.nan != test.nan {
			t.Errorf("%v: got %s .. %s, %d NaN", test.values, low, high, r.nan)
		}
		for _, x := range test.values {
			r.color(float64(x)) // must not panic
		}
	}
}

func TestMapsFit(t *testing.T) {
	for _, test := range []struct{ h, w, scale int }{{1, 1, 128}, {11, 11, 12}, {27, 27, 5}, {3, 55, 2}, {224, 224, 1}, {5000, 1, 1}} {
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
		{big, MapOptions{}, "more than 67108864"},
		{Volume{N: 1, H: 4096, W: 4096, D: 1, Data: make([]float32, 4096*4096)}, MapOptions{Scale: 3}, "more than 67108864"},
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
