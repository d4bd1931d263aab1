package shaders

import (
	"embed"
	"sync"
	"text/template"

	"github.com/gpuconv/gpuconv/conv"
)

// Stored is a row of the table whose X, or V, or both are stored otherwise than as float32: the same kernel with other
// loads and stores. Products and sums stay float32. X may be Float16, or Int8, of which loads give x - zero. V may be
// Float16, rounded once and behind the epilogue, or Int32, of sums that are whole numbers: see [Writes].
type Stored struct {
	Of   Variant
	X, V DType // Float32 where it is stored so
}

// Reads tells whether a kernel may read X as t, which is Float16 or Int8.
func Reads(k Variant, t DType) bool {
	switch k := k.(type) {
	case Registers, Shared, Stem, Slide, Spread, Depthwise, SpaceToDepth, Unshared:
		return true
	case Winograd: // which rounds whole numbers
		return t == Float16 && k == WinogradInputs(k.H, k.W, k.Vector)
	case Fourier:
		return t == Float16 && k == FourierRows(k.Vector)
	}
	return false
}

// Writes tells whether a kernel may write V as t, with an epilogue that it then applies before it stores. Of Float16
// that is none, ReLU or Clip, and no residual, and it stores two words at once, so that no two threads share one. Of
// Int32 it is none.
func Writes(k Variant, t DType, e conv.Epilogue) bool {
	switch k := k.(type) {
	case Registers, Shared, Stem, Slide, Spread, Depthwise, Unshared, DepthToSpace:
	case Winograd:
		if t != Float16 || k != WinogradOutputs(k.H, k.W, k.M, k.Vector) {
			return false
		}
	case Fourier:
		if t != Float16 || k != FourierInverseRows(k.Vector) {
			return false
		}
	default:
		return false
	}
	if t == Int32 {
		return e == conv.Epilogue{}
	}
	f := e.Activation.Function
	return k.(interface{ Stored() uint32 }).Stored() == 4 && e.Residual == conv.NoResidual &&
		(f == conv.Identity || f == conv.ReLU || f == conv.Clip)
}

// Name is, for example, registers_8x16_v4_t64_x_int8_v_int32.
func (k Stored) Name() string {
	name := k.Of.Name()
	if k.X != Float32 {
		name += "_x_" + string(k.X)
	}
	if k.V != Float32 {
		name += "_v_" + string(k.V)
	}
	return name
}

func (k Stored) file() string             { return k.Of.file() }
func (k Stored) threads() uint32          { return k.Of.threads() }
func (k Stored) workgroupStorage() uint32 { return k.Of.workgroupStorage() }

// valid tells whether there is such a kernel, of a row of the table.
func (k Stored) valid() bool {
	reads := k.X == Float32 || (k.X == Float16 || k.X == Int8) && Reads(k.Of, k.X)
	writes := k.V == Float32 || (k.V == Float16 || k.V == Int32) && Writes(k.Of, k.V, conv.Epilogue{})
	return reads && writes && (k.X != Float32 || k.V != Float32)
}

// Storeds are those in the table, one of each shader and way to load and store: what is said of them holds for the
// other rows of the same shader.
func Storeds() []Stored {
	return []Stored{
		{Registers{8, 16, 4, 8, false, false}, Float16, Float16},
		{Registers{8, 4, 1, 64, false, false}, Float16, Float32},
		{Shared{64, 64, 16, 4}, Float16, Float16},
		{stemRows[2], Float16, Float16},
		{slideRows[2], Float16, Float16},
		{spreadRows[1], Float16, Float16},
		{depthwiseRows[0], Float16, Float16},
		{depthwiseRows[2], Float16, Float32},
		{WinogradInputs(6, 6, 4), Float16, Float32},
		{WinogradInputs(4, 4, 1), Float16, Float32},
		{WinogradOutputs(6, 6, 4, 4), Float32, Float16},
		{FourierRows(4), Float16, Float32},
		{FourierInverseRows(4), Float32, Float16},
		{SpaceToDepthBy(1), Float16, Float32},
		{DepthToSpaces()[0], Float32, Float16},
		{unsharedRows[0], Float16, Float16},
		{Registers{8, 16, 4, 8, false, false}, Int8, Int32},
		{Registers{8, 4, 1, 64, false, false}, Int8, Int32},
		{Registers{8, 4, 1, 64, false, false}, Int8, Float32},
		{Shared{64, 64, 16, 4}, Int8, Int32},
		{stemRows[2], Int8, Int32},
		{slideRows[2], Int8, Int32},
		{spreadRows[1], Int8, Int32},
		{depthwiseRows[0], Int8, Int32},
		{depthwiseRows[2], Int8, Int32},
		{DepthToSpaces()[0], Float32, Int32},
		{unsharedRows[0], Int8, Int32},
	}
}

//go:embed stored/*.wgsl
var stored embed.FS

// storedTemplates are the templates of all rows with X and V stored so.
func storedTemplates(x, v DType) *template.Template {
	return storedSets()[[2]DType{x, v}]
}

var storedSets = sync.OnceValue(func() map[[2]DType]*template.Template {
	sets := map[[2]DType]*template.Template{}
	for _, x := range []DType{Float32, Float16, Int8} {
		for _, v := range []DType{Float32, Float16, Int32} {
			set := template.Must(templates.Clone())
			if x != Float32 {
				set = template.Must(set.ParseFS(stored, "stored/x_"+string(x)+".wgsl"))
			}
			if v != Float32 {
				set = template.Must(set.ParseFS(stored, "stored/v_"+string(v)+".wgsl"))
			}
			sets[[2]DType{x, v}] = set
		}
	}
	return sets
})
