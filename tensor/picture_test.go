package tensor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func pngOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tinyPicture is 3 wide and 2 high, and begins away from the origin.
func tinyPicture() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(5, 7, 8, 9))
	img.SetNRGBA(5, 7, color.NRGBA{255, 0, 0, 255})
	img.SetNRGBA(6, 7, color.NRGBA{0, 255, 0, 255})
	img.SetNRGBA(7, 7, color.NRGBA{0, 0, 255, 255})
	img.SetNRGBA(5, 8, color.NRGBA{51, 102, 204, 255})
	img.SetNRGBA(6, 8, color.NRGBA{255, 255, 255, 51}) // white, 1/5 opaque
	img.SetNRGBA(7, 8, color.NRGBA{255, 255, 255, 0})
	return img
}

func TestDecodePNG(t *testing.T) {
	v, err := DecodeImage(bytes.NewReader(pngOf(t, tinyPicture())))
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{1, 0, 0, 0, 1, 0, 0, 0, 1, 0.2, 0.4, 0.8, 0.2, 0.2, 0.2, 0, 0, 0}
	if v.String() != "1x2x3x3 (NHWC)" || !slices.Equal(v.Data, want) {
		t.Errorf("got %v %v, want %v", v, v.Data, want)
	}
}

// An image need not begin at the origin.
func TestVolumeFromImageBounds(t *testing.T) {
	v, err := volumeFromImage(tinyPicture(), upright)
	if err != nil || v.At(0, 0, 0) != 1 || v.At(2, 0, 2) != 1 || v.At(0, 1, 1) != 0.4 {
		t.Errorf("got %v, %v", v.Data, err)
	}
}

func TestDecodeGrayAndDeepPNG(t *testing.T) {
	gray := image.NewGray16(image.Rect(0, 0, 2, 1))
	gray.SetGray16(0, 0, color.Gray16{0x1234})
	gray.SetGray16(1, 0, color.Gray16{0xffff})
	v, err := DecodeImage(bytes.NewReader(pngOf(t, gray)))
	g := float32(0x1234) / 0xffff
	if err != nil || !slices.Equal(v.Data, []float32{g, g, g, 1, 1, 1}) {
		t.Errorf("got %v, %v", v.Data, err)
	}
}

func TestDecodeJPEG(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 16, 8))
	for y := range 8 {
		for x := range 16 {
			img.SetRGBA(x, y, color.RGBA{200, 100, 50, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	v, err := DecodeImage(&b)
	if err != nil || v.String() != "1x8x16x3 (NHWC)" {
		t.Fatalf("got %v, %v", v, err)
	}
	for d, want := range []float64{200, 100, 50} {
		if got := float64(v.At(13, 6, d)) * 255; math.Abs(got-want) > 3 { // JPEG is lossy
			t.Errorf("channel %d: got %v, want about %v", d, got, want)
		}
	}
}

// claiming returns the start of a PNG that claims to be w x h.
func claiming(w, h uint32) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	chunk = append(binary.BigEndian.AppendUint32(chunk, h), 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

func TestDecodeImageRefuses(t *testing.T) {
	whole := pngOf(t, tinyPicture())
	for _, test := range []struct {
		name string
		file []byte
		kind error
		want string
	}{
		{"empty", nil, ErrFormat, "use PNG or JPEG"},
		{"text", []byte("no picture"), ErrFormat, "use PNG or JPEG"},
		{"cut", whole[:len(whole)-20], ErrFormat, "decoding png of 3 x 2 pixels"},
		{"cut header", whole[:20], ErrFormat, "use PNG or JPEG"},
		{"one too large", claiming(8193, 8192), ErrShape, "8193 x 8192 pixels are more than 67108864"},
		{"far too large", claiming(1<<24, 1<<24), ErrShape, "pixels are more than"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := DecodeImage(bytes.NewReader(test.file))
		runtime.ReadMemStats(&after)
		if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.want) ||
			!strings.HasPrefix(err.Error(), "tensor: picture: ") {
			t.Errorf("%s: error %v, want %q in it", test.name, err, test.want)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", test.name, used)
		}
	}
}

// Another package of the program may register more formats; they stay out.
func TestDecodeOnlyPNGAndJPEG(t *testing.T) {
	image.RegisterFormat("other", "OTHER",
		func(io.Reader) (image.Image, error) { return tinyPicture(), nil },
		func(io.Reader) (image.Config, error) { return image.Config{Width: 3, Height: 2}, nil })
	_, err := DecodeImage(strings.NewReader("OTHER"))
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "format other is not supported") {
		t.Errorf("error %v", err)
	}
}

func TestReadImageFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg") // the content counts, not the name
	if err := os.WriteFile(path, pngOf(t, tinyPicture()), 0o600); err != nil {
		t.Fatal(err)
	}
	if v, err := ReadImageFile(path); err != nil || v.At(2, 0, 2) != 1 {
		t.Errorf("got %v, %v", v, err)
	}
	if _, err := ReadImageFile(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
}

func TestResize(t *testing.T) {
	v, _ := NewVolume(2, 4, 6, 3)
	for i := range v.Data {
		v.Data[i] = float32(i%3) / 4 // 0, 1/4, 1/2 by channel
	}
	for i := range v.Image(1).Data {
		v.Image(1).Data[i] = 1
	}
	for _, size := range [][2]int{{2, 3}, {9, 5}, {1, 1}, {4, 12}} {
		r, err := Resize(v, size[0], size[1])
		if err != nil || r.N != 2 || r.H != size[0] || r.W != size[1] || r.D != 3 {
			t.Fatalf("to %v: got %v, %v", size, r, err)
		}
		for i, x := range r.Data {
			want := float64(i%3) / 4
			if i >= len(r.Data)/2 {
				want = 1
			}
			if math.Abs(float64(x)-want) > 2.0/0xffff {
				t.Fatalf("to %v: element %d is %v, want %v: a constant must stay", size, i, x, want)
			}
		}
	}
}

func TestResizeKeepsOrientation(t *testing.T) {
	v, _ := NewVolume(1, 4, 4, 1)
	for y := range 4 {
		for x := range 4 {
			v.Set(x, y, 0, float32(x)/4+float32(y)/16)
		}
	}
	r, err := Resize(v, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	// The picture is linear, so each result is nearly the mean of its quarter.
	for _, p := range []struct {
		x, y int
		want float64
	}{{0, 0, 0.15625}, {1, 0, 0.65625}, {0, 1, 0.28125}, {1, 1, 0.78125}} {
		if got := float64(r.At(p.x, p.y, 0)); math.Abs(got-p.want) > 0.03 {
			t.Errorf("x=%d y=%d: got %v, want about %v", p.x, p.y, got, p.want)
		}
	}
	same, err := Resize(v, 4, 4)
	if err != nil || !slices.Equal(same.Data, v.Data) || &same.Data[0] == &v.Data[0] {
		t.Errorf("to its own size: not an exact copy, %v", err)
	}
}

func TestResizeRefuses(t *testing.T) {
	gray, _ := NewVolume(1, 2, 2, 1)
	deep, _ := NewVolume(1, 2, 2, 4)
	tall, _ := NewVolume(1, 1<<14, 1, 1)
	with := func(x float32) Volume {
		v := gray.Clone()
		v.Data[3] = x
		return v
	}
	for _, test := range []struct {
		v    Volume
		h, w int
		want string
	}{
		{gray, 0, 2, "2 x 0 pixels"},
		{gray, 2, -1, "-1 x 2 pixels"},
		{gray, math.MaxInt, math.MaxInt, "more than 67108864"},
		{tall, 1, 1 << 13, "old height and new width"},
		{deep, 2, 2, "has depth 4; a picture has 1"},
		{with(255), 3, 3, "element 3 of 1x2x2x1 (NHWC) is 255"},
		{with(-0.1), 3, 3, "is -0.1"},
		{with(float32(math.NaN())), 3, 3, "is NaN"},
		{Volume{}, 3, 3, "N is 0"},
	} {
		_, err := Resize(test.v, test.h, test.w)
		if !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want %q in it", err, test.want)
		}
	}
}

func FuzzDecodeImage(f *testing.F) {
	var p, j bytes.Buffer
	if err := errors.Join(png.Encode(&p, tinyPicture()), jpeg.Encode(&j, tinyPicture(), nil)); err != nil {
		f.Fatal(err)
	}
	f.Add(p.Bytes())
	f.Add(j.Bytes())
	f.Add(withEXIF(j.Bytes(), exif(binary.BigEndian, 6)))
	f.Add(claiming(8193, 8192))
	f.Fuzz(func(t *testing.T, file []byte) {
		// The decoders are not ours; keep them from filling the memory.
		if c, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && c.Width*c.Height > 1<<16 &&
			c.Width*c.Height <= maxPixels {
			return
		}
		v, err := DecodeImage(bytes.NewReader(file))
		if err != nil {
			return
		}
		if err := v.Validate(); err != nil || v.D != 3 {
			t.Fatalf("%v: %v", v, err)
		}
		for i, x := range v.Data {
			if !(x >= 0 && x <= 1) {
				t.Fatalf("element %d is %v", i, x)
			}
		}
	})
}
