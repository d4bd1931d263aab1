package shaders

import (
	"embed"
	"text/template"

	"github.com/gpuconv/gpuconv/conv"
)

// Halved is a row of the table whose X, or V, or both are stored as float16: the same kernel with other loads and
// stores. Sums stay float32. V is rounded once, behind the epilogue: see [HalvesV].
type Halved struct {
	Of   Variant
	X, V bool
}

// HalvesX tells whether a kernel may read X as float16.
func HalvesX(k Variant) bool {
	switch k := k.(type) {
	case Registers, Shared, Stem, Slide, Spread, Depthwise, SpaceToDepth, Unshared:
		return true
	case Winograd:
		return k == WinogradInputs(k.H, k.W, k.Vector)
	case Fourier:
		return k == FourierRows(k.Vector)
	}
	return false
}

// HalvesV tells whether a kernel may write V as float16, with an epilogue that it then applies before it stores: none,
// ReLU or Clip, and no residual. It stores two words at once, so that no two threads share one.
func HalvesV(k Variant, e conv.Epilogue) bool {
	switch k := k.(type) {
	case Registers, Shared, Stem, Slide, Spread, Depthwise, Unshared, DepthToSpace:
	case Winograd:
		if k != WinogradOutputs(k.H, k.W, k.M, k.Vector) {
			return false
		}
	case Fourier:
		if k != FourierInverseRows(k.Vector) {
			return false
		}
	default:
		return false
	}
	f := e.Activation.Function
	return k.(interface{ Stored() uint32 }).Stored() == 4 && e.Residual == conv.NoResidual &&
		(f == conv.Identity || f == conv.ReLU || f == conv.Clip)
}

// Name is, for example, registers_8x16_v4_t64_half_xv.
func (k Halved) Name() string {
	name := k.Of.Name() + "_half_"
	if k.X {
		name += "x"
	}
	if k.V {
		name += "v"
	}
	return name
}

func (k Halved) file() string             { return k.Of.file() }
func (k Halved) threads() uint32          { return k.Of.threads() }
func (k Halved) workgroupStorage() uint32 { return k.Of.workgroupStorage() }

// valid tells whether there is such a kernel, of a row of the table.
func (k Halved) valid() bool {
	return (k.X || k.V) && (!k.X || HalvesX(k.Of)) && (!k.V || HalvesV(k.Of, conv.Epilogue{}))
}

// Halveds are those in the table, one of each shader and way to load and store: what is said of them holds for the
// other rows of the same shader.
func Halveds() []Halved {
	return []Halved{
		{Registers{8, 16, 4, 8, false, false}, true, true},
		{Registers{8, 4, 1, 64, false, false}, true, false},
		{Shared{64, 64, 16, 4}, true, true},
		{stemRows[2], true, true},
		{slideRows[2], true, true},
		{spreadRows[1], true, true},
		{depthwiseRows[0], true, true},
		{depthwiseRows[2], true, false},
		{WinogradInputs(6, 6, 4), true, false},
		{WinogradInputs(4, 4, 1), true, false},
		{WinogradOutputs(6, 6, 4, 4), false, true},
		{FourierRows(4), true, false},
		{FourierInverseRows(4), false, true},
		{SpaceToDepthBy(1), true, false},
		{DepthToSpaces()[0], false, true},
		{unsharedRows[0], true, true},
	}
}

//go:embed halves/*.wgsl
var halves embed.FS

// halvedTemplates are the templates of all rows with X, or V, or both as halves.
var halvedTemplates = map[[2]bool]*template.Template{
	{true, false}: otherwise("halves/x.wgsl"),
	{false, true}: otherwise("halves/v.wgsl"),
	{true, true}:  otherwise("halves/x.wgsl", "halves/v.wgsl"),
}

// otherwise are the templates with some of them defined otherwise.
func otherwise(files ...string) *template.Template {
	return template.Must(template.Must(templates.Clone()).ParseFS(halves, files...))
}
