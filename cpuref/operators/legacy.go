package operators

import "slices"

// firstOpset is the first one that this package speaks of.
const firstOpset = 7

// modernize makes of a node before opset 7 one of 7: shapes that were broadcast along an axis get axes of size 1
// behind them. What trained by default is refused.
func (c *call) modernize() {
	if trains := c.node.Op == "Dropout" || c.node.Op == "BatchNormalization"; trains && !c.flag("is_test", false) {
		refuse("attribute is_test is 0, must be 1 before opset %d", firstOpset)
	}
	if len(c.in) < 2 || c.in[1] == nil {
		return
	}
	x, y := c.in[0], c.in[1]
	axis := 1
	switch {
	case c.has("broadcast") && c.has("axis"):
		axis = axisOf(c.integer("axis", 0), len(x.Shape))
	case c.node.Op != "PRelu" || len(y.Data) == 1: // whose slopes are one for each channel
		return
	}
	behind := len(x.Shape) - axis - len(y.Shape)
	if behind < 0 {
		refuse("shape %v does not broadcast to %v along axis %d", y.Shape, x.Shape, axis)
	}
	c.in = slices.Clone(c.in)
	shape := slices.Concat(y.Shape, slices.Repeat([]int{1}, behind))
	c.in[1] = &Array{Type: y.Type, Shape: shape, Data: y.Data}
}
