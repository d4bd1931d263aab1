package tensor

import (
	"bytes"
	"image"
	_ "image/jpeg" // registers its decoder
	_ "image/png"  // registers its decoder
	"io"
	"os"
	"slices"

	"golang.org/x/image/draw"
)

// maxPixels bounds pictures, read or drawn: 8192 x 8192, about 1.1 GB while one
// is read. A file of a few bytes can claim any size, and its decoder believes it.
const maxPixels = 1 << 26

// DecodeImage reads a PNG or JPEG picture as a volume of H x W x 3: red, green
// and blue from 0 to 1, as stored (no colour profile or gamma is applied; gray
// pictures have three equal slices). Transparent pixels are composited on black.
// A JPEG is turned upright by the orientation in its EXIF data.
//
// A picture of more than 1<<26 pixels is refused before it is decoded, with
// [ErrShape]; what is no PNG or JPEG, or is damaged, with [ErrFormat].
func DecodeImage(r io.Reader) (Volume, error) {
	var seen bytes.Buffer
	config, format, err := image.DecodeConfig(io.TeeReader(r, &seen))
	if err != nil {
		return Volume{}, formatErrorf("picture: %w; use PNG or JPEG", err)
	}
	// Other packages of the program may have registered further formats.
	if format != "png" && format != "jpeg" {
		return Volume{}, formatErrorf("picture: format %s is not supported; use PNG or JPEG", format)
	}
	if err := checkPixels("picture", config.Height, config.Width); err != nil {
		return Volume{}, err
	}
	head := slices.Clone(seen.Bytes()) // decoding empties seen
	img, _, err := image.Decode(io.MultiReader(&seen, r))
	if err != nil {
		return Volume{}, formatErrorf(
			"picture: decoding %s of %d x %d pixels: %w",
			format,
			config.Width,
			config.Height,
			err,
		)
	}
	turned := upright
	if format == "jpeg" {
		turned = jpegOrientation(head)
	}
	return volumeFromImage(img, turned)
}

// ReadImageFile reads a PNG or JPEG file as [DecodeImage] does. The format is
// known by the content; the name does not matter.
func ReadImageFile(path string) (Volume, error) {
	f, err := os.Open(path)
	if err != nil {
		return Volume{}, inContext("reading "+path, err)
	}
	defer f.Close()
	v, err := DecodeImage(f)
	if err != nil {
		return Volume{}, inContext("reading "+path, err)
	}
	return v, nil
}

// checkPixels fails unless a picture of h x w is one that can be handled.
func checkPixels(what string, h, w int) error {
	if h < 1 || w < 1 {
		return shapeErrorf("%s: %d x %d pixels (width x height); both must be at least 1", what, w, h)
	}
	if int64(w) > maxPixels/int64(h) {
		return shapeErrorf("%s: %d x %d pixels are more than %d, the most that is supported", what, w, h, maxPixels)
	}
	return nil
}

// volumeFromImage gives the pixels of a stored picture, upright.
func volumeFromImage(img image.Image, stored orientation) (Volume, error) {
	b := img.Bounds()
	h, w := b.Dy(), b.Dx()
	if stored.swaps() {
		h, w = w, h
	}
	v, err := NewVolume(1, h, w, 3)
	if err != nil {
		return Volume{}, err
	}
	// RGBA64At allocates nothing, unlike At; all images of the standard library
	// have it.
	pixels, ok := img.(image.RGBA64Image)
	if !ok {
		return Volume{}, formatErrorf("picture: decoded as %T, whose pixels cannot be read", img)
	}
	i := 0
	for y := range h {
		for x := range w {
			fromX, fromY := stored.source(x, y, b.Dx(), b.Dy())
			// Premultiplied by alpha, which is the same as composited on black.
			c := pixels.RGBA64At(b.Min.X+fromX, b.Min.Y+fromY)
			v.Data[i] = float32(c.R) / 0xffff
			v.Data[i+1] = float32(c.G) / 0xffff
			v.Data[i+2] = float32(c.B) / 0xffff
			i += 3
		}
	}
	return v, nil
}

// Resize returns the pictures of v, of depth 1 or 3 and with values from 0 to 1,
// at height h and width w, by Catmull-Rom interpolation (averaging where it
// shrinks) in steps of 1/65535. Where nothing changes, the result is an exact
// copy. Another depth, a value outside 0..1 or a NaN, and sizes below 1 or of
// more than 1<<26 pixels are errors that match [ErrShape].
func Resize(v Volume, h, w int) (Volume, error) {
	if err := checkResize(v, h, w); err != nil {
		return Volume{}, err
	}
	if h == v.H && w == v.W {
		return v.Clone(), nil
	}
	out, err := NewVolume(v.N, h, w, v.D)
	if err != nil {
		return Volume{}, inContext("resize", err)
	}
	src := image.NewRGBA64(image.Rect(0, 0, v.W, v.H))
	dst := image.NewRGBA64(image.Rect(0, 0, w, h))
	for n := range v.N {
		toPixels(src, v.Image(n))
		draw.CatmullRom.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
		fromPixels(out.Image(n), dst)
	}
	return out, nil
}

func checkResize(v Volume, h, w int) error {
	if err := v.Validate(); err != nil {
		return inContext("resize", err)
	}
	if v.D != 1 && v.D != 3 {
		return shapeErrorf("resize: volume %v has depth %d; a picture has 1 (gray) or 3 (red, green, blue)", v, v.D)
	}
	for i, x := range v.Data {
		if !(x >= 0 && x <= 1) { // so written, it catches NaN
			return shapeErrorf(
				"resize: element %d of %v is %v; a picture's values are from 0 to 1 (divide 0..255 by 255)",
				i,
				v,
				x,
			)
		}
	}
	if err := checkPixels("resize: picture", v.H, v.W); err != nil {
		return err
	}
	if err := checkPixels("resize: result", h, w); err != nil {
		return err
	}
	// The scaler goes through a picture of the old height and the new width.
	return checkPixels("resize: old height and new width", v.H, w)
}

// toPixels writes one image of depth 1 or 3, values 0..1, to an opaque picture.
func toPixels(dst *image.RGBA64, v Volume) {
	last := v.D - 1
	for i, at := 0, 0; at < len(v.Data); i, at = i+8, at+v.D {
		put := func(channel int, x float32) {
			q := uint16(float32(x*0xffff) + 0.5) // the conversion forbids a fused multiply-add
			dst.Pix[i+2*channel], dst.Pix[i+2*channel+1] = uint8(q>>8), uint8(q)
		}
		put(0, v.Data[at])
		put(1, v.Data[at+min(1, last)])
		put(2, v.Data[at+min(2, last)])
		put(3, 1)
	}
}

// fromPixels is the reverse.
func fromPixels(v Volume, src *image.RGBA64) {
	for i, at := 0, 0; at < len(v.Data); i, at = i+8, at+v.D {
		for d := range v.D {
			q := uint16(src.Pix[i+2*d])<<8 | uint16(src.Pix[i+2*d+1])
			v.Data[at+d] = float32(q) / 0xffff
		}
	}
}
