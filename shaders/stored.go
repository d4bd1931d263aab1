package shaders

import (
	"embed"
	"sync"
	"text/template"

	"github.com/gpuconv/gpuconv/conv"
)

// Stored is a row of the table whose X, or V, or both are stored otherwise than as float32: the same kernel with other
// loads and stores. Products and sums stay float32. X may be Float16, or Int8, of which loads give x - zero. V may be
// Float16, rounded once and behind the epilogue, or Int32, of sums that are whole numbers: see [Writes]. Or kernels
// make outputs of such sums at once, as Int8 or float32: see [Scales]. Store says of V as float32 what is done before
// it is stored.
type Stored struct {
	Of    Variant
	X, V  DType // Float32 where it is stored so
	Store Store
}

// Store is what is done to V before it is stored as float32.
type Store int

// What is done to V.
const (
	Sum     Store = iota // nothing: where there is an epilogue, kernels apply it to what they wrote
	Clamped              // an epilogue that [Clamps]
	Scaled               // the same, of whole numbers times the scale of their channel: [Scales]
)

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

// Scales tells whether a kernel may make outputs of the sums of an int8 layer and write them as t, which is Int8 or
// Float32, with an epilogue: one that [Clamps].
func Scales(k Variant, t DType, e conv.Epilogue) bool {
	return Writes(k, Int32, conv.Epilogue{}) && clamps(e) &&
		(t == Float32 || t == Int8 && k.(interface{ Stored() uint32 }).Stored() == 4)
}

// stores tells the kernels that store V by the template of that name.
func stores(k Variant) bool {
	switch k := k.(type) {
	case Registers, Shared, Separable, Stem, Slide, Spread, Depthwise, Unshared, DepthToSpace:
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
	return name + [...]string{"", "_clamped", "_scaled"}[k.Store]
}

func (k Stored) file() string             { return k.Of.file() }
func (k Stored) threads() uint32          { return k.Of.threads() }
func (k Stored) workgroupStorage() uint32 { return k.Of.workgroupStorage() }

// valid tells whether there is such a kernel, of a row of the table.
func (k Stored) valid() bool {
	reads := k.X == Float32 || (k.X == Float16 || k.X == Int8) && Reads(k.Of, k.X)
	return reads && k.writes() && (k.X != Float32 || k.V != Float32 || k.Store != Sum)
}

// writes tells whether the row has such stores.
func (k Stored) writes() bool {
	none := conv.Epilogue{}
	switch {
	case k.V != Float32 && k.Store != Sum:
		return false
	case k.V == Int8:
		return Scales(k.Of, k.V, none)
	case k.V != Float32:
		return (k.V == Float16 || k.V == Int32) && Writes(k.Of, k.V, none)
	}
	return k.Store == Sum || k.Store == Clamped && stores(k.Of) || k.Store == Scaled && Scales(k.Of, k.V, none)
}

// Storeds are those in the table, one of each shader and way to load and store: what is said of them holds for the
// other rows of the same shader.
func Storeds() []Stored {
	return []Stored{
		{Registers{8, 16, 4, 8, false, false}, Float16, Float16, Sum},
		{Registers{8, 4, 1, 64, false, false}, Float16, Float32, Sum},
		{Shared{64, 64, 16, 4}, Float16, Float16, Sum},
		{stemRows[2], Float16, Float16, Sum},
		{slideRows[2], Float16, Float16, Sum},
		{spreadRows[1], Float16, Float16, Sum},
		{depthwiseRows[0], Float16, Float16, Sum},
		{depthwiseRows[2], Float16, Float32, Sum},
		{WinogradInputs(6, 6, 4), Float16, Float32, Sum},
		{WinogradInputs(4, 4, 1), Float16, Float32, Sum},
		{WinogradOutputs(6, 6, 4, 4), Float32, Float16, Sum},
		{FourierRows(4), Float16, Float32, Sum},
		{FourierInverseRows(4), Float32, Float16, Sum},
		{SpaceToDepthBy(1), Float16, Float32, Sum},
		{DepthToSpaces()[0], Float32, Float16, Sum},
		{unsharedRows[0], Float16, Float16, Sum},
		{Registers{8, 16, 4, 8, false, false}, Int8, Int32, Sum},
		{Registers{8, 4, 1, 64, false, false}, Int8, Int32, Sum},
		{Registers{8, 4, 1, 64, false, false}, Int8, Float32, Sum},
		{Shared{64, 64, 16, 4}, Int8, Int32, Sum},
		{stemRows[2], Int8, Int32, Sum},
		{slideRows[2], Int8, Int32, Sum},
		{spreadRows[1], Int8, Int32, Sum},
		{depthwiseRows[0], Int8, Int32, Sum},
		{depthwiseRows[2], Int8, Int32, Sum},
		{DepthToSpaces()[0], Float32, Int32, Sum},
		{unsharedRows[0], Int8, Int32, Sum},
		{Registers{8, 16, 4, 8, false, false}, Float32, Float32, Clamped},
		{Registers{8, 4, 1, 64, false, false}, Float32, Float32, Clamped},
		{Shared{64, 64, 16, 4}, Float32, Float32, Clamped},
		{separableRows[0], Float32, Float32, Clamped},
		{stemRows[2], Float32, Float32, Clamped},
		{slideRows[2], Float32, Float32, Clamped},
		{spreadRows[1], Float32, Float32, Clamped},
		{depthwiseRows[0], Float32, Float32, Clamped},
		{depthwiseRows[2], Float32, Float32, Clamped},
		{WinogradOutputs(6, 6, 4, 4), Float32, Float32, Clamped},
		{FourierInverseRows(4), Float32, Float32, Clamped},
		{DepthToSpaces()[0], Float32, Float32, Clamped},
		{unsharedRows[0], Float32, Float32, Clamped},
		{Registers{8, 16, 4, 8, false, false}, Int8, Float32, Scaled},
		{Registers{8, 16, 4, 8, false, false}, Float32, Int8, Sum},
		{Registers{8, 4, 1, 64, false, false}, Int8, Float32, Scaled},
		{Shared{64, 64, 16, 4}, Int8, Float32, Scaled},
		{Shared{64, 64, 16, 4}, Int8, Int8, Sum},
		{stemRows[2], Int8, Float32, Scaled},
		{stemRows[2], Int8, Int8, Sum},
		{slideRows[2], Int8, Float32, Scaled},
		{slideRows[2], Int8, Int8, Sum},
		{spreadRows[1], Int8, Float32, Scaled},
		{spreadRows[1], Int8, Int8, Sum},
		{depthwiseRows[0], Int8, Float32, Scaled},
		{depthwiseRows[0], Int8, Int8, Sum},
		{depthwiseRows[2], Int8, Float32, Scaled},
		{DepthToSpaces()[0], Float32, Float32, Scaled},
		{DepthToSpaces()[0], Float32, Int8, Sum},
		{unsharedRows[0], Int8, Float32, Scaled},
		{unsharedRows[0], Int8, Int8, Sum},
	}
}

//go:embed stored/*.wgsl
var stored embed.FS

// templatesOf are those of all rows with X and V stored so.
func templatesOf(k Stored) *template.Template {
	return storedSets()[Stored{nil, k.X, k.V, k.Store}]
}

var storedSets = sync.OnceValue(func() map[Stored]*template.Template {
	sets := map[Stored]*template.Template{}
	for _, x := range []DType{Float32, Float16, Int8} {
		for _, v := range []DType{Float32, Float16, Int32, Int8} {
			sets[Stored{nil, x, v, Sum}] = otherwise(x, "v_"+string(v), v != Float32)
		}
		sets[Stored{nil, x, Float32, Clamped}] = otherwise(x, "v_clamped", true)
		sets[Stored{nil, x, Float32, Scaled}] = otherwise(x, "v_scaled", true)
	}
	return sets
})

// otherwise are the templates with loads of x, and with the stores of a file where other ones are wanted.
func otherwise(x DType, file string, stores bool) *template.Template {
	set := template.Must(templates.Clone())
	if x != Float32 {
		template.Must(set.ParseFS(stored, "stored/x_"+string(x)+".wgsl"))
	}
	if stores { // and there is nothing left to finish
		set.Funcs(template.FuncMap{"finishes": func() bool { return false }})
		template.Must(set.ParseFS(stored, "stored/"+file+".wgsl"))
	}
	return set
}
