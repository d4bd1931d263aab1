package shaders

import (
	"embed"
	"sync"
	"text/template"

	"github.com/gpuconv/gpuconv/conv"
)

// Stored is a row of the table whose X, or V, or both are stored otherwise than as float32: the same kernel with other
// loads and stores. Products and sums stay float32. X may be Float16, or Int8, of which loads give x - zero. V may be
// Float16, rounded once and behind the epilogue, or Int32, of sums that are whole numbers: see [Writes]. Clamped is of
// V as float32 whose epilogue is applied before it is stored, where [Clamps] has it: others write sums first and then
// apply it to what they wrote.
type Stored struct {
	Of      Variant
	X, V    DType // Float32 where it is stored so
	Clamped bool
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

// Writes tells whether a kernel may write V as t, with an epilogue that it then applies before it stores: one that
// [Clamps] of Float16, of which it stores two words at once, so that no two threads share one; none of Int32.
func Writes(k Variant, t DType, e conv.Epilogue) bool {
	if t == Int32 {
		return stores(k) && !transforms(k) && e == conv.Epilogue{}
	}
	return stores(k) && k.(interface{ Stored() uint32 }).Stored() == 4 && clamps(e)
}

// Clamps tells whether a kernel may apply an epilogue before it stores V: none, ReLU or Clip, and no residual.
func Clamps(k Variant, e conv.Epilogue) bool { return stores(k) && clamps(e) }

func clamps(e conv.Epilogue) bool {
	f := e.Activation.Function
	return e.Residual == conv.NoResidual && (f == conv.Identity || f == conv.ReLU || f == conv.Clip)
}

// stores tells the kernels that store V by the template of that name.
func stores(k Variant) bool {
	switch k := k.(type) {
	case Registers, Shared, Stem, Slide, Spread, Depthwise, Unshared, DepthToSpace:
		return true
	case Winograd:
		return k == WinogradOutputs(k.H, k.W, k.M, k.Vector)
	case Fourier:
		return k == FourierInverseRows(k.Vector)
	}
	return false
}

// transforms tells those of transforms, which round whole numbers.
func transforms(k Variant) bool {
	switch k.(type) {
	case Winograd, Fourier:
		return true
	}
	return false
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
	if k.Clamped {
		name += "_clamped"
	}
	return name
}

func (k Stored) file() string             { return k.Of.file() }
func (k Stored) threads() uint32          { return k.Of.threads() }
func (k Stored) workgroupStorage() uint32 { return k.Of.workgroupStorage() }

// valid tells whether there is such a kernel, of a row of the table.
func (k Stored) valid() bool {
	reads := k.X == Float32 || (k.X == Float16 || k.X == Int8) && Reads(k.Of, k.X)
	writes := k.V == Float32 && (!k.Clamped || stores(k.Of)) ||
		(k.V == Float16 || k.V == Int32) && !k.Clamped && Writes(k.Of, k.V, conv.Epilogue{})
	return reads && writes && (k.X != Float32 || k.V != Float32 || k.Clamped)
}

// Storeds are those in the table, one of each shader and way to load and store: what is said of them holds for the
// other rows of the same shader.
func Storeds() []Stored {
	return []Stored{
		{Registers{8, 16, 4, 8, false, false}, Float16, Float16, false},
		{Registers{8, 4, 1, 64, false, false}, Float16, Float32, false},
		{Shared{64, 64, 16, 4}, Float16, Float16, false},
		{stemRows[2], Float16, Float16, false},
		{slideRows[2], Float16, Float16, false},
		{spreadRows[1], Float16, Float16, false},
		{depthwiseRows[0], Float16, Float16, false},
		{depthwiseRows[2], Float16, Float32, false},
		{WinogradInputs(6, 6, 4), Float16, Float32, false},
		{WinogradInputs(4, 4, 1), Float16, Float32, false},
		{WinogradOutputs(6, 6, 4, 4), Float32, Float16, false},
		{FourierRows(4), Float16, Float32, false},
		{FourierInverseRows(4), Float32, Float16, false},
		{SpaceToDepthBy(1), Float16, Float32, false},
		{DepthToSpaces()[0], Float32, Float16, false},
		{unsharedRows[0], Float16, Float16, false},
		{Registers{8, 16, 4, 8, false, false}, Int8, Int32, false},
		{Registers{8, 4, 1, 64, false, false}, Int8, Int32, false},
		{Registers{8, 4, 1, 64, false, false}, Int8, Float32, false},
		{Shared{64, 64, 16, 4}, Int8, Int32, false},
		{stemRows[2], Int8, Int32, false},
		{slideRows[2], Int8, Int32, false},
		{spreadRows[1], Int8, Int32, false},
		{depthwiseRows[0], Int8, Int32, false},
		{depthwiseRows[2], Int8, Int32, false},
		{DepthToSpaces()[0], Float32, Int32, false},
		{unsharedRows[0], Int8, Int32, false},
		{Registers{8, 16, 4, 8, false, false}, Float32, Float32, true},
		{Registers{8, 4, 1, 64, false, false}, Float32, Float32, true},
		{Shared{64, 64, 16, 4}, Float32, Float32, true},
		{stemRows[2], Float32, Float32, true},
		{slideRows[2], Float32, Float32, true},
		{spreadRows[1], Float32, Float32, true},
		{depthwiseRows[0], Float32, Float32, true},
		{depthwiseRows[2], Float32, Float32, true},
		{WinogradOutputs(6, 6, 4, 4), Float32, Float32, true},
		{FourierInverseRows(4), Float32, Float32, true},
		{DepthToSpaces()[0], Float32, Float32, true},
		{unsharedRows[0], Float32, Float32, true},
	}
}

//go:embed stored/*.wgsl
var stored embed.FS

// templatesOf are those of all rows with X and V stored so.
func templatesOf(k Stored) *template.Template {
	return storedSets()[Stored{nil, k.X, k.V, k.Clamped}]
}

var storedSets = sync.OnceValue(func() map[Stored]*template.Template {
	sets := map[Stored]*template.Template{}
	for _, x := range []DType{Float32, Float16, Int8} {
		for _, v := range []DType{Float32, Float16, Int32} {
			sets[Stored{nil, x, v, false}] = otherwise(x, "v_"+string(v), v != Float32)
		}
		sets[Stored{nil, x, Float32, true}] = otherwise(x, "v_clamped", true)
	}
	return sets
})

// otherwise are the templates with loads of x, and with the stores of a file where other ones are wanted.
func otherwise(x DType, file string, stores bool) *template.Template {
	set := template.Must(templates.Clone())
	if x != Float32 {
		template.Must(set.ParseFS(stored, "stored/x_"+string(x)+".wgsl"))
	}
	if stores {
		template.Must(set.ParseFS(stored, "stored/"+file+".wgsl"))
	}
	return set
}
