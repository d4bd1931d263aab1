package conv

import (
	"fmt"
	"strings"
)

// WidthFormula works out the width of p's output as the notes do, for people; a negative padding is inputs left over,
// or of a transposed layer outputs added. p must be valid.
func (p Problem) WidthFormula() string {
	w := p.W
	text := fmt.Sprintf("(%d - %d + %d + %d)/%d + 1 = %d wide", w.In, w.Extent(), w.Pad, w.PadAfter(), w.Stride, w.Out)
	if w.Out == w.SymmetricOut() {
		text = fmt.Sprintf("(%d - %d + 2*%d)/%d + 1 = %d wide", w.In, w.Extent(), w.Pad, w.Stride, w.Out)
		if !w.Fits() {
			exact := float64(w.In-w.Extent()+2*w.Pad)/float64(w.Stride) + 1
			text = fmt.Sprintf(
				"(%d - %d + 2*%d)/%d + 1 = %.4g, rounded down %d wide",
				w.In,
				w.Extent(),
				w.Pad,
				w.Stride,
				exact,
				w.Out,
			)
		}
	}
	if p.Transposed {
		text = fmt.Sprintf(
			"(%d - 1)*%d + %d - %d - %d = %d wide",
			w.In,
			w.Stride,
			w.Extent(),
			w.Pad,
			w.Adjoint().PadAfter(),
			w.Out,
		)
	}
	return strings.NewReplacer("+ -", "- ", "- -", "+ ").Replace(text)
}
