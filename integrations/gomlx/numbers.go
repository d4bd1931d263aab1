package gomlx

import (
	"fmt"
	"reflect"

	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gpuconv/gpuconv/tensor"
)

// This file converts numbers between GoMLX's buffers and the arrays of networks.

// cloned copies a slice of any type.
func cloned(flat any) (any, error) {
	v := reflect.ValueOf(flat)
	if v.Kind() != reflect.Slice {
		return nil, fmt.Errorf("numbers of %T, must be a slice", flat)
	}
	to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(to, v)
	return to.Interface(), nil
}

// number is a constant's one number of floating point, if it has one.
func (n *node) number() (float32, bool) {
	switch flat := n.constant.(type) {
	case []float32:
		if len(flat) == 1 {
			return flat[0], true
		}
	case []float64:
		if len(flat) == 1 {
			return float32(flat[0]), true
		}
	}
	return 0, false
}

// arrayOf is a buffer's numbers as an array: those of float32 are shared.
func arrayOf(flat any, shape shapes.Shape) (tensor.Array, error) {
	a := tensor.Array{Shape: shape.Dimensions}
	if a.Shape == nil {
		a.Shape = []int{}
	}
	switch flat := flat.(type) {
	case []float32:
		a.Data = flat
	case []float64:
		a.Data = make([]float32, len(flat))
		for i, x := range flat {
			a.Data[i] = float32(x)
		}
	case []bool:
		a.Ints = make([]int64, len(flat))
		for i, yes := range flat {
			if yes {
				a.Ints[i] = 1
			}
		}
	default:
		return a, fmt.Errorf("numbers of %T, must be float32, float64 or bool", flat)
	}
	return a, nil
}

// fill writes an array's numbers to a buffer's.
func fill(flat any, a tensor.Array) error {
	n := 0
	switch flat := flat.(type) {
	case []float32:
		n = copy(flat, a.Data)
	case []float64:
		for i, x := range a.Data {
			flat[i] = float64(x)
		}
		n = len(flat)
	case []bool:
		for i, x := range a.Ints {
			flat[i] = x != 0
		}
		n = len(flat)
	}
	if n != len(a.Data)+len(a.Ints) {
		return fmt.Errorf("a buffer of %T for %d numbers of shape %v", flat, len(a.Data)+len(a.Ints), a.Shape)
	}
	return nil
}
