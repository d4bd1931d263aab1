package tensor

import (
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"path/filepath"
	"strings"
)

// jpegQuality is that of JPEG files: high, for a picture that was computed is looked at closely.
const jpegQuality = 92

// ImageOf draws v, one image of depth 1 (gray) or 3 (red, green and blue), pixel by pixel: 0 is black and 1 is full.
// What lies outside of 0 to 1 is drawn as the nearer of the two, and all is rounded to steps of 1/255. Another depth,
// several images or planes, a NaN, and more than 1<<26 pixels are errors that match [ErrShape].
func ImageOf(v Volume) (image.Image, error) {
	if err := checkImage(v); err != nil {
		return nil, err
	}
	step := func(x float32) uint8 { return uint8(255*float64(min(max(x, 0), 1)) + 0.5) }
	bounds := image.Rect(0, 0, v.W, v.H)
	if v.D == 1 {
		img := image.NewGray(bounds)
		for i, x := range v.Data {
			img.Pix[i] = step(x)
		}
		return img, nil
	}
	img := image.NewRGBA(bounds)
	for i := range v.W * v.H {
		rgb := v.Data[3*i : 3*i+3]
		img.SetRGBA(i%v.W, i/v.W, color.RGBA{step(rgb[0]), step(rgb[1]), step(rgb[2]), 0xff})
	}
	return img, nil
}

func checkImage(v Volume) error {
	if err := v.Validate(); err != nil {
		return inContext("picture", err)
	}
	if !isPicture(v.D) || v.N != 1 || v.Planes() != 1 {
		return shapeErrorf("picture of volume %v; one image of depth 1 (gray) or 3 (red, green, blue) is a picture", v)
	}
	for i, x := range v.Data {
		if x != x {
			return shapeErrorf("picture: element %d of %v is NaN", i, v)
		}
	}
	return checkPixels("picture", v.H, v.W)
}

// WriteImageFile writes the picture that [ImageOf] draws to a PNG or JPEG file: path must end in .png, .jpg or .jpeg.
// It writes to a temporary file beside path and renames that at the end, so that a failure leaves what was at path
// before.
func WriteImageFile(path string, v Volume) error {
	var encode func(io.Writer, image.Image) error
	switch ending := filepath.Ext(path); strings.ToLower(ending) {
	case ".png":
		encode = png.Encode
	case ".jpg", ".jpeg":
		encode = func(w io.Writer, img image.Image) error {
			return jpeg.Encode(w, img, &jpeg.Options{Quality: jpegQuality})
		}
	default:
		return formatErrorf("writing %s: ending %q is not supported for a picture; use .png or .jpg", path, ending)
	}
	img, err := ImageOf(v)
	if err != nil {
		return inContext("writing "+path, err)
	}
	return writeFile(path, func(w io.Writer) error { return encode(w, img) })
}
