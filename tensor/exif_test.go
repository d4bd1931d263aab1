package tensor

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"testing"
)

// exif is EXIF data as cameras write it: a directory of the maker's name and the orientation.
func exif(order binary.ByteOrder, orientation uint16) []byte {
	name := map[binary.ByteOrder]string{binary.LittleEndian: "II", binary.BigEndian: "MM"}[order]
	data := appendNumbers(order, []byte(name), uint16(42), uint32(8), uint16(2))
	data = appendNumbers(order, data, uint16(0x010f), uint16(2), uint32(4))
	data = append(data, "us\x00\x00"...)
	data = appendNumbers(order, data, uint16(0x0112), uint16(3), uint32(1), orientation, uint16(0))
	return appendNumbers(order, data, uint32(0))
}

func appendNumbers(order binary.ByteOrder, data []byte, numbers ...any) []byte {
	for _, n := range numbers {
		var err error
		if data, err = binary.Append(data, order, n); err != nil {
			panic(err)
		}
	}
	return data
}

// withEXIF puts EXIF data into a JPEG, behind another program's segment.
func withEXIF(file, tiff []byte) []byte {
	out := slices.Clone(file[:2])
	for _, body := range [][]byte{[]byte("http://ns.adobe.com/xap/1.0/\x00<x/>"),
		append([]byte("Exif\x00\x00"), tiff...)} {
		out = append(out, 0xff, 0xff, 0xe1) // with a fill byte
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(body)+2)), body...)
	}
	return append(out, file[2:]...)
}

// scene is 3 blocks wide and 2 high, each of its own colour.
var scene = [2][3]color.RGBA{
	{{250, 10, 10, 255}, {10, 250, 10, 255}, {10, 10, 250, 255}},
	{{250, 250, 10, 255}, {10, 10, 10, 255}, {250, 250, 250, 255}},
}

// storedScene is the scene as a camera stores it that was held so that the first row and the first column
// lie on these sides, in JPEG's blocks of 16 x 16.
func storedScene(t *testing.T, firstRow, firstColumn string) []byte {
	t.Helper()
	const block = 16
	rows, columns := 2, 3
	if firstRow == "left" || firstRow == "right" {
		rows, columns = 3, 2
	}
	img := image.NewRGBA(image.Rect(0, 0, columns*block, rows*block))
	for r := range rows {
		for c := range columns {
			x, y := 0, 0
			for side, steps := range map[string]int{firstRow: r, firstColumn: c} {
				switch side {
				case "top":
					y = steps
				case "bottom":
					y = 1 - steps
				case "left":
					x = steps
				case "right":
					x = 2 - steps
				}
			}
			for i := range block * block {
				img.SetRGBA(c*block+i%block, r*block+i/block, scene[y][x])
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestOrientations holds all 8 orientations, by the words of EXIF's own table, in both byte orders.
func TestOrientations(t *testing.T) {
	for i, sides := range [][2]string{{"top", "left"}, {"top", "right"}, {"bottom", "right"}, {"bottom", "left"},
		{"left", "top"}, {"right", "top"}, {"right", "bottom"}, {"left", "bottom"}} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			v, err := DecodeImage(bytes.NewReader(withEXIF(storedScene(t, sides[0], sides[1]),
				exif(order, uint16(i+1)))))
			if err != nil || v.H != 32 || v.W != 48 {
				t.Fatalf("orientation %d: %v, %v, must be 32 high and 48 wide", i+1, v, err)
			}
			for y, row := range scene {
				for x, want := range row {
					for d, w := range []uint8{want.R, want.G, want.B} {
						// JPEG is lossy
						if got := 255 * float64(v.At(16*x+8, 16*y+8, d)); math.Abs(got-float64(w)) > 6 {
							t.Errorf("orientation %d, %v: channel %d of block %d, %d is %.0f, must be %d", i+1, order,
								d, x, y, got, w)
						}
					}
				}
			}
		}
	}
}

// TestBrokenEXIF holds that EXIF data that makes no sense leaves a picture as it is stored.
func TestBrokenEXIF(t *testing.T) {
	file := storedScene(t, "top", "left")
	good := exif(binary.LittleEndian, 3)
	if jpegOrientation(withEXIF(file, good)) != 3 {
		t.Fatal("the whole of it is not read")
	}
	change := func(at int, to ...byte) []byte {
		c := slices.Clone(good)
		copy(c[at:], to)
		return c
	}
	for name, tiff := range map[string][]byte{
		"empty":           nil,
		"no byte order":   change(0, 'X', 'X'),
		"no TIFF":         change(2, 43),
		"directory far":   change(4, 0xff, 0xff, 0xff, 0xff),
		"directory cut":   change(4, byte(len(good)-1)),
		"entries cut":     good[:30],
		"another type":    change(24, 4),
		"two values":      change(26, 2),
		"orientation 0":   change(30, 0),
		"orientation 9":   change(30, 9),
		"orientation 771": change(30, 3, 3),
		"no orientation":  change(22, 0x13),
	} {
		if got := jpegOrientation(withEXIF(file, tiff)); got != upright {
			t.Errorf("%s: orientation %d", name, got)
		}
		if v, err := DecodeImage(bytes.NewReader(withEXIF(file, tiff))); err != nil || v.H != 32 ||
			v.At(8, 8, 0) < 0.9 {
			t.Errorf("%s: %v, %v, must be as it is stored", name, v, err)
		}
	}
}

// TestCutEXIF holds that a file may end anywhere.
func TestCutEXIF(t *testing.T) {
	whole := withEXIF([]byte("\xff\xd8"), exif(binary.BigEndian, 8))
	for n := range whole {
		if got := jpegOrientation(whole[:n]); got != upright {
			t.Errorf("%d of %d bytes: orientation %d", n, len(whole), got)
		}
	}
}

// FuzzOrientation holds that no bytes bring the reader of EXIF data down, behind a header or alone.
func FuzzOrientation(f *testing.F) {
	f.Add(exif(binary.LittleEndian, 6))
	f.Add(exif(binary.BigEndian, 8))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x08Exif\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole := withEXIF([]byte("\xff\xd8"), data[:min(len(data), 1<<16-9)])
		for _, got := range []orientation{jpegOrientation(data), tiffOrientation(data), jpegOrientation(whole)} {
			if got < 1 || got > 8 {
				t.Errorf("orientation %d", got)
			}
		}
	})
}
