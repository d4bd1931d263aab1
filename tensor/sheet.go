package tensor

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Sizes in pixels, and lengths in characters.
const (
	sheetMargin = 20
	sheetGap    = 16
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
	title         string
	shape         string   // left of the colour bar: the shape and the low end
	high          string   // right of the colour bar: the high end
	labels        []string // one per map
	notes         []string // one per map, its range; nil if that is common
	ranges        []valueRange
	scale         int
	columns       int
	cell          image.Point // of one map with its text and the gap after it
	head          int         // height of the lines above the maps
	width, height int
}

// newSheet lays out the maps of v, a single image. It fails if the picture would
// be too large.
func newSheet(v Volume, o MapOptions) (*sheet, error) {
	s := &sheet{v: v, title: elide(o.Title, maxTitle), scale: o.Scale, columns: min(o.Columns, v.D)}
	if s.scale == 0 {
		s.scale = fittingScale(v)
	}
	if s.columns == 0 {
		s.columns = fittingColumns(v.D)
	}
	s.measure(o.CommonRange)
	for d := range v.D {
		s.labels = append(s.labels, o.mapLabel(d))
	}
	s.place()
	if err := checkPixels("maps: picture", s.height, s.width); err != nil {
		return nil, err
	}
	return s, nil
}

// measure finds the ranges and the words about them.
func (s *sheet) measure(common bool) {
	all := noRange()
	for d := range s.v.D {
		r := rangeOf(s.v.Slice(d))
		s.ranges = append(s.ranges, r)
		all = all.union(r)
	}
	low, high := "low", "high"
	if common {
		low, high = all.ends()
		for d := range s.ranges {
			s.ranges[d] = all
		}
	} else {
		for _, r := range s.ranges {
			low, high := r.ends()
			s.notes = append(s.notes, low+" .. "+high)
		}
	}
	s.shape = fmt.Sprintf("%dx%dx%d (HWC)  each map's own range  %s", s.v.H, s.v.W, s.v.D, low)
	if common {
		s.shape = fmt.Sprintf("%dx%dx%d (HWC)  common range  %s", s.v.H, s.v.W, s.v.D, low)
	}
	s.high = high
	if all.nan > 0 {
		s.high += fmt.Sprintf("  %d NaN (magenta)", all.nan)
	}
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
	lines, words := 1, s.labels
	if s.notes != nil {
		lines, words = 2, append(words[:len(words):len(words)], s.notes...)
	}
	s.cell = image.Pt(s.v.W*s.scale, s.v.H*s.scale+lines*lineHeight+2)
	for _, word := range words {
		s.cell.X = max(s.cell.X, textWidth(word))
	}
	s.cell = s.cell.Add(image.Pt(sheetGap, sheetGap))
	s.head = lineHeight + sheetGap/2
	if s.title != "" {
		s.head += lineHeight
	}
	rows := (s.v.D + s.columns - 1) / s.columns
	text := max(textWidth(s.title), textWidth(s.shape)+charWidth+barWidth+charWidth+textWidth(s.high))
	s.width = max(s.columns*s.cell.X-sheetGap, text) + 2*sheetMargin
	s.height = s.head + rows*s.cell.Y - sheetGap + 2*sheetMargin
}

// origin returns the upper left corner of map d.
func (s *sheet) origin(d int) image.Point {
	return image.Pt(sheetMargin+d%s.columns*s.cell.X, sheetMargin+s.head+d/s.columns*s.cell.Y)
}

func (s *sheet) draw() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
	draw.Draw(img, img.Bounds(), image.NewUniform(sheetColor), image.Point{}, draw.Src)
	s.drawHead(img)
	for d := range s.v.D {
		at := s.origin(d)
		s.drawMap(img, d, at)
		at.Y += s.v.H*s.scale + 2
		drawText(img, at, s.labels[d], labelColor)
		if s.notes != nil {
			drawText(img, at.Add(image.Pt(0, lineHeight)), s.notes[d], rangeColor)
		}
	}
	return img
}

// drawHead draws the title, and the line with the colour bar.
func (s *sheet) drawHead(img *image.RGBA) {
	at := image.Pt(sheetMargin, sheetMargin-4)
	if s.title != "" {
		drawText(img, at, s.title, titleColor)
		at.Y += lineHeight
	}
	drawText(img, at, s.shape, rangeColor)
	at.X += textWidth(s.shape) + charWidth
	for x := range barWidth {
		c := mapColor(float64(x) / (barWidth - 1))
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
			c := s.ranges[d].color(float64(s.v.At(x, y, d)))
			for i := range s.scale {
				for j := range s.scale {
					img.SetRGBA(at.X+x*s.scale+j, at.Y+y*s.scale+i, c)
				}
			}
		}
	}
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
