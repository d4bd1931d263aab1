package shaders

import (
	"sync"
	"text/template"

	"github.com/gpuconv/gpuconv/conv"
)

// Textured is a row of the table, or what [Stored] or [Single] make of one, that reads from textures what it else
// reads from storage buffers: X, the filters of [Registers] and [Stem], the products of [Winograd], and dV of
// [FilterTiles]. A texel has four numbers, of which kernels that read X number by number take one. Everything else
// about it is that row's.
type Textured struct{ Of Variant }

// HasTextured tells whether a kernel has such a form.
func HasTextured(k Variant) bool {
	switch k := k.(type) {
	case Stored:
		return k.X == Float32 && HasTextured(k.Of)
	case Single:
		return HasTextured(k.Of)
	case Registers:
		return !k.Uniform
	case Slide, Stem:
		return true
	case FilterTiles:
		return k.Vector == 4
	case Depthwise:
		return k.Vector == 4
	case Winograd:
		return k.Vector == 4 && (k == WinogradInputs(k.H, k.W, 4) || k == WinogradOutputs(k.H, k.W, k.M, 4))
	}
	return false
}

// Name is, for example, registers_8x16_v4_t8_clamped_textures.
func (k Textured) Name() string             { return k.Of.Name() + "_textures" }
func (k Textured) file() string             { return k.Of.file() }
func (k Textured) threads() uint32          { return k.Of.threads() }
func (k Textured) workgroupStorage() uint32 { return k.Of.workgroupStorage() }

// Textureds are those in the table, one of each shader: what is said of them holds for the other rows of it.
func Textureds() []Textured {
	return []Textured{
		{Registers{8, 16, 4, 64, false, false}},
		{Registers{8, 16, 4, 8, true, false}},
		{Registers{8, 16, 1, 8, false, false}},
		{Stored{Registers{8, 16, 4, 8, false, false}, Float32, Float32, Clamped}},
		{Single{Registers{8, 16, 4, 8, false, false}, conv.ReLU}},
		{stemRows[3]},
		{slideRows[0]},
		{slideRows[len(slideRows)-2]},
		{depthwiseRows[1]},
		{WinogradInputs(6, 6, 4)},
		{WinogradOutputs(6, 6, 4, 4)},
		{filterTileRows[0]},
	}
}

// texturedSets are the templates that read from textures, by those that they were made of.
var texturedSets sync.Map

// textured are templates that read from textures, and else are those of another set.
func textured(of *template.Template) *template.Template {
	if set, ok := texturedSets.Load(of); ok {
		return set.(*template.Template)
	}
	set := template.Must(template.Must(of.Clone()).ParseFS(stored, "stored/textures.wgsl"))
	texturedSets.Store(of, set)
	return set
}
