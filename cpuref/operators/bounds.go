package operators

import (
	"math"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
)

// The relative errors of one operation, in units of u.
const (
	u    = cpuref.Unit
	tiny = cpuref.SmallestNormal

	divides = 2.5
	roots   = 4.5 // sqrt, as 1/inverseSqrt
)

// growth is that of n roundings; n may be a fraction.
func growth(n float64) float64 { return cpuref.Growth(n) }

// rounded is the error of a result that n roundings are behind.
func rounded(v, n float64) float64 { return growth(n)*math.Abs(v) + tiny }

// summed is the error of a sum of n terms with this magnitude, of which each was rounded as often as more says.
func summed(n int, magnitude, more float64) float64 {
	return growth(float64(n)+2+more)*magnitude + (float64(n)+1)*tiny
}

// expError is the relative error of exp(x), x exact.
func expError(x float64) float64 { return (3 + 2*math.Abs(x)) * u }

// logError is the absolute error of log(x), x exact.
func logError(x float64) float64 {
	if x >= 0.5 && x <= 2 {
		return 0x1p-21
	}
	return 3*u*math.Abs(math.Log(x)) + tiny
}

// powError is the relative error of pow(x, y) as exp2(y * log2(x)), of the size of x.
func powError(x, y float64) float64 {
	log := math.Log2(math.Abs(x))
	if x == 0 || y == 0 || math.IsInf(log, 0) {
		return 0
	}
	own := 3 * u * math.Abs(log)
	if size := math.Abs(x); size >= 0.5 && size <= 2 {
		own = 0x1p-21
	}
	t := math.Abs(y * log)
	return (3+2*t)*u + math.Ln2*(math.Abs(y)*own+u*t)
}

// floating tells types of real numbers from those of whole numbers and truth values.
func floating(t onnx.DataType) bool {
	return t == onnx.Float || t == onnx.Float16 || t == onnx.Double || t == onnx.BFloat16
}

// ranges are the least and the largest number of the types of whole numbers that float64 holds.
var ranges = map[onnx.DataType][2]float64{
	onnx.Uint8: {0, math.MaxUint8}, onnx.Int8: {math.MinInt8, math.MaxInt8},
	onnx.Uint16: {0, math.MaxUint16}, onnx.Int16: {math.MinInt16, math.MaxInt16},
	onnx.Uint32: {0, math.MaxUint32}, onnx.Int32: {math.MinInt32, math.MaxInt32},
}

// wrap is a whole number as a type has it, modulo its range as in two's complement. Of 64 bits, it stays as it is.
func wrap(t onnx.DataType, v float64) float64 {
	r, ok := ranges[t]
	if !ok || v >= r[0] && v <= r[1] {
		return v
	}
	n := r[1] - r[0] + 1
	return v - n*math.Floor((v-r[0])/n)
}

// saturate is a whole number held to a type's range.
func saturate(t onnx.DataType, v float64) float64 {
	r, ok := ranges[t]
	if !ok {
		refuse("data type %v, must be of whole numbers of at most 32 bits", t)
	}
	return max(r[0], min(v, r[1]))
}

// newResult has room for numbers of the shape, with allowed errors if they are real.
func newResult(t onnx.DataType, shape []int) Result {
	n := size(shape)
	r := Result{Array: Array{Type: t, Shape: shape, Data: make([]float64, n)}}
	if floating(t) {
		r.Allowed = make([]float64, n)
	}
	return r
}

// set writes number i: of real numbers with its allowed error, of whole numbers as the type has it.
func (r *Result) set(i int, v, allowed float64) {
	if r.Allowed == nil {
		r.Data[i] = wrap(r.Type, v)
		return
	}
	r.Data[i] = v
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		allowed = 0
	case math.IsNaN(allowed):
		allowed = math.Inf(1) // Check has no verdict on it
	}
	r.Allowed[i] = allowed
}

// copied is a result of numbers of a, at these places.
func copied(a *Array, shape, places []int) Result {
	r := Result{Array: Array{Type: a.Type, Shape: shape, Data: make([]float64, len(places))}}
	for i, p := range places {
		r.Data[i] = a.Data[p]
	}
	return r
}

// one is a list of one result.
func one(r Result) []Result { return []Result{r} }
