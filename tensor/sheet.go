package tensor

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Sizes in pixels, and lengths in characters.
const (
	sheetMargin = 20
	sheetGap    = 16
	filterGap   = 4 // between a filter and its map
	lineHeight  = 16
	textAscent  = 12 // from the top of a line to its base line
	charWidth   = 7
	barWidth    = 96
	barHeight   = 9
	maxTitle    = 120
	maxLabel    = 40
)

var (
	sheetColor = color.RGBA{24, 26, 30, 255}
	titleColor = color.RGBA{236, 238, 242, 255}
	labelColor = color.RGBA{196, 200, 208, 255}
	rangeColor = color.RGBA{132, 138, 150, 255}
)

// sheet is a picture of maps: what it shows and where.
type sheet struct {
	v             Volume // one image
	bound         []float64
	end           float64 // of the scale of all maps
	head          []string
	low, high     string   // the words on both sides of the colour bar
	labels, notes []string // of each map: its name and its range
	input         *image.RGBA
	inputLabel    string
	filters       []*image.RGBA // beside each map; nil for none
	scale         int
	columns       int
	left          int         // width of what is left of the maps
	filterSize    image.Point // with the gap to the map
	cell          image.Point // of one map with its filter, its text and the gap after it
	headHeight    int
	size          image.Point
}

// newSheet lays out the maps of v, a single image. It fails if the picture would
// be too large.
func newSheet(v Volume, o MapOptions) (*sheet, error) {
	s := &sheet{v: v, bound: o.Bound, scale: o.Scale, columns: min(o.Columns, v.D)}
	if s.scale == 0 {
		s.scale = fittingScale(v)
	}
	if s.columns == 0 {
		s.columns = fittingColumns(v.D)
	}
	s.words(o)
	if o.drawsInput() {
		s.input = inputPicture(o.Input.Plane(0))
		s.inputLabel = fmt.Sprintf("X  %dx%dx%d", o.Input.H, o.Input.W, o.Input.D)
	}
	if o.drawsFilters() {
		s.filters = filterPictures(o.Filters)
	}
	s.place()
	if err := checkPixels("maps: picture", s.size.Y, s.size.X); err != nil {
		return nil, err
	}
	return s, nil
}

// words finds the range of the colours and what is said about the maps.
func (s *sheet) words(o MapOptions) {
	for d := range s.v.D {
		s.labels = append(s.labels, o.mapLabel(d))
		low, high := rangeOf(s.v.Slice(d)).ends()
		s.notes = append(s.notes, low+" .. "+high)
	}
	s.end = scaleEnd(s.v.Data)
	s.low = fmt.Sprintf("%dx%dx%d (HWC)  %.4g", s.v.H, s.v.W, s.v.D, -s.end+0) // +0: no "-0"
	s.high = fmt.Sprintf("%.4g", s.end)
	if o.Title != "" {
		s.head = append(s.head, elide(o.Title, maxTitle))
	}
	for _, count := range []struct {
		what string
		n    int
	}{
		{"beyond the ends", s.count(func(i int) bool { return math.Abs(float64(s.v.Data[i])) > s.end })},
		{"within the rounding bound of 0, drawn as 0", s.count(s.flat)},
		{"NaN (magenta)", s.count(func(i int) bool { return s.v.Data[i] != s.v.Data[i] })},
	} {
		if count.n > 0 {
			s.high += fmt.Sprintf("   %d of %d %s", count.n, len(s.v.Data), count.what)
		}
	}
}

// flat tells whether element i may as well be zero.
func (s *sheet) flat(i int) bool {
	if s.bound == nil {
		return false
	}
	return math.Abs(float64(s.v.Data[i])) <= s.bound[i]
}

// count is how many elements are so.
func (s *sheet) count(so func(i int) bool) (n int) {
	for i := range s.v.Data {
		if so(i) {
			n++
		}
	}
	return n
}

// ends returns the range in words.
func (r valueRange) ends() (low, high string) {
	if r.low > r.high {
		return "none", "none"
	}
	return fmt.Sprintf("%.4g", r.low+0), fmt.Sprintf("%.4g", r.high+0) // +0: no "-0"
}

// place finds the sizes of everything.
func (s *sheet) place() {
	if s.input != nil {
		s.left = max(s.input.Bounds().Dx(), textWidth(s.inputLabel)) + sheetGap
	}
	if s.filters != nil {
		s.filterSize = s.filters[0].Bounds().Size()
		s.filterSize.X += filterGap
	}
	s.cell = image.Pt(s.filterSize.X+s.v.W*s.scale, max(s.filterSize.Y, s.v.H*s.scale)+2*lineHeight+2)
	for _, list := range [][]string{s.labels, s.notes} {
		for _, word := range list {
			s.cell.X = max(s.cell.X, textWidth(word))
		}
	}
	s.cell = s.cell.Add(image.Pt(sheetGap, sheetGap))
	s.headHeight = (len(s.head)+1)*lineHeight + sheetGap/2
	rows := (s.v.D + s.columns - 1) / s.columns
	width, height := s.left+s.columns*s.cell.X-sheetGap, rows*s.cell.Y-sheetGap
	for _, line := range s.head {
		width = max(width, textWidth(line))
	}
	width = max(width, textWidth(s.low)+charWidth+barWidth+charWidth+textWidth(s.high))
	if s.input != nil {
		height = max(height, s.input.Bounds().Dy()+2+lineHeight)
	}
	s.size = image.Pt(width+2*sheetMargin, s.headHeight+height+2*sheetMargin)
}

// origin returns the upper left corner of map d, or of its filter.
func (s *sheet) origin(d int) image.Point {
	return image.Pt(sheetMargin+s.left+d%s.columns*s.cell.X, sheetMargin+s.headHeight+d/s.columns*s.cell.Y)
}

func (s *sheet) draw() *image.RGBA {
	img := image.NewRGBA(image.Rectangle{Max: s.size})
	draw.Draw(img, img.Bounds(), image.NewUniform(sheetColor), image.Point{}, draw.Src)
	s.drawHead(img)
	if s.input != nil {
		at := image.Pt(sheetMargin, sheetMargin+s.headHeight)
		paste(img, at, s.input)
		drawText(img, at.Add(image.Pt(0, s.input.Bounds().Dy()+2)), s.inputLabel, labelColor)
	}
	for d := range s.v.D {
		at := s.origin(d)
		if s.filters != nil {
			paste(img, at, s.filters[d])
		}
		s.drawMap(img, d, at.Add(image.Pt(s.filterSize.X, 0)))
		at.Y += max(s.filterSize.Y, s.v.H*s.scale) + 2
		drawText(img, at, s.labels[d], labelColor)
		drawText(img, at.Add(image.Pt(0, lineHeight)), s.notes[d], rangeColor)
	}
	return img
}

// drawHead draws the title, and the line with the colour bar.
func (s *sheet) drawHead(img *image.RGBA) {
	at := image.Pt(sheetMargin, sheetMargin-4)
	for _, line := range s.head {
		drawText(img, at, line, titleColor)
		at.Y += lineHeight
	}
	drawText(img, at, s.low, rangeColor)
	at.X += textWidth(s.low) + charWidth
	for x := range barWidth {
		c := mapColor(2*float64(x)/(barWidth-1) - 1)
		for y := range barHeight {
			img.SetRGBA(at.X+x, at.Y+textAscent-barHeight+y, c)
		}
	}
	at.X += barWidth + charWidth
	drawText(img, at, s.high, rangeColor)
}

// drawMap draws depth slice d, scale x scale pixels per element.
func (s *sheet) drawMap(img *image.RGBA, d int, at image.Point) {
	for y := range s.v.H {
		for x := range s.v.W {
			i := s.v.Index(0, y, x, d)
			c := mapColor(0)
			if !s.flat(i) {
				c = divergingColor(float64(s.v.Data[i]), s.end)
			}
			drawSquare(img, at.Add(image.Pt(x*s.scale, y*s.scale)), s.scale, c)
		}
	}
}

// drawSquare fills side x side pixels.
func drawSquare(img *image.RGBA, at image.Point, side int, c color.RGBA) {
	for i := range side {
		for j := range side {
			img.SetRGBA(at.X+j, at.Y+i, c)
		}
	}
}

// paste draws a small picture with its upper left corner at a point.
func paste(img *image.RGBA, at image.Point, small *image.RGBA) {
	draw.Draw(img, small.Bounds().Add(at), small, image.Point{}, draw.Src)
}

// drawText writes one line whose upper left corner is at.
func drawText(img *image.RGBA, at image.Point, text string, c color.RGBA) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(at.X, at.Y+textAscent)}
	d.DrawString(text)
}

// textWidth returns the width of a line in pixels.
func textWidth(text string) int { return charWidth * len([]rune(text)) }

// elide shortens a text to at most n characters.
func elide(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-3]) + "..."
}
