package shaders

import (
	"reflect"
	"testing"
)

// TestTensorLayout holds that Go's packed fields lie where WGSL puts them: shapes, views and axes at multiples of 16
// bytes, which the sizes of structs are, too.
func TestTensorLayout(t *testing.T) {
	all := []any{
		Shape{}, View{}, PointwiseParams{}, RemapParams{}, ReduceAxesParams{}, RowsParams{}, NormalizeParams{},
		CumulateParams{},
	}
	for _, params := range all {
		kind := reflect.TypeOf(params)
		for i := range kind.NumField() {
			f := kind.Field(i)
			aligned := f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.Array && f.Name != "_"
			if aligned && f.Offset%16 != 0 {
				t.Errorf("%v.%s lies at %d", kind, f.Name, f.Offset)
			}
		}
		if size := len(Encode(params)); uintptr(size) != kind.Size() || size%16 != 0 {
			t.Errorf("%v takes %d bytes, and %d encoded", kind, kind.Size(), size)
		}
	}
}
