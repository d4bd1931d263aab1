package operators

import (
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
)

// products are matrix products.
var products = map[string]operator{
	"MatMul": {2, 2, func(c *call) []Result {
		c.sameTypes()
		s := multiply(c.in[0], c.in[1])
		return s.result(c.in[0].Type)
	}},
	"MatMulInteger": {2, 4, func(c *call) []Result {
		s := multiply(c.unzeroed(0, 2), c.unzeroed(1, 3))
		return s.result(onnx.Int32)
	}},
	"Gemm": {2, 3, gemm},
}

// unzeroed is operand i of a product less its zero point, which may be one for each row of the first operand or each
// column of the second.
func (c *call) unzeroed(i, zero int) *Array {
	axis := len(c.in[i].Shape) - 1
	if i == 0 {
		axis--
	}
	return shifted(c.in[i], c.input(zero), axis)
}

// multiply is numpy.matmul: the last two axes are matrices, those before them broadcast, and of one axis a row or a
// column is made, which the result loses again. Of sums of products see cpuref.Bound.
func multiply(a, b *Array) sums {
	if len(a.Shape) == 0 || len(b.Shape) == 0 {
		refuse("shapes %v and %v, must have an axis or more", a.Shape, b.Shape)
	}
	left, right := a.Shape, b.Shape
	if len(left) == 1 {
		left = []int{1, left[0]}
	}
	if len(right) == 1 {
		right = []int{right[0], 1}
	}
	la, lb := len(left)-2, len(right)-2
	rows, depth, columns := left[la], left[la+1], right[lb+1]
	if right[lb] != depth {
		refuse("shapes %v and %v do not multiply: %d and %d", a.Shape, b.Shape, depth, right[lb])
	}
	batch := broadcast(left[:la], right[:lb])
	s := newSums(append(slices.Clone(batch), rows, columns), depth)
	starts := [2][]int{spread(left[:la], batch), spread(right[:lb], batch)}
	for n := range starts[0] {
		x, y := a.Data[starts[0][n]*rows*depth:], b.Data[starts[1][n]*depth*columns:]
		s.product(n*rows*columns, x, y, rows, depth, columns)
	}
	s.shape = slices.Clone(batch)
	if len(a.Shape) > 1 {
		s.shape = append(s.shape, rows)
	}
	if len(b.Shape) > 1 {
		s.shape = append(s.shape, columns)
	}
	return s
}

// product adds a matrix product to the sums from a place on.
func (s *sums) product(to int, a, b []float64, rows, depth, columns int) {
	for i := range rows {
		for k := range depth {
			x := a[i*depth+k]
			for j, y := range b[k*columns:][:columns] {
				s.add(to+i*columns+j, x*y)
			}
		}
	}
}

// gemm: alpha * A * B + beta * C; the sum's bound, and two roundings more.
func gemm(c *call) []Result {
	c.sameTypes()
	a, b := c.matrix(0, "transA"), c.matrix(1, "transB")
	alpha, beta := c.number("alpha", 1), c.number("beta", 1)
	if a.Shape[1] != b.Shape[0] {
		refuse("shapes %v and %v, after transA and transB, do not multiply", a.Shape, b.Shape)
	}
	s := multiply(a, b)
	r := newResult(a.Type, s.shape)
	var bias []int
	if c.input(2) != nil {
		bias = spread(c.in[2].Shape, s.shape)
	} else if c.opset < 11 {
		refuse("input 2 is left out, which it may be from opset 11 on")
	}
	for i, v := range s.value {
		s.value[i], s.magnitude[i] = alpha*v, max(alpha, -alpha)*s.magnitude[i]
		if bias != nil {
			s.add(i, beta*c.in[2].Data[bias[i]])
		}
		r.set(i, s.value[i], cpuref.Bound(s.terms+2, s.magnitude[i]))
	}
	return one(r)
}

// matrix is input i, transposed if the attribute says so.
func (c *call) matrix(i int, transposed string) *Array {
	a := c.in[i]
	if len(a.Shape) != 2 {
		refuse("input %d of shape %v, must be a matrix", i, a.Shape)
	}
	if !c.flag(transposed, false) {
		return a
	}
	r := turned(a, []int{1, 0})
	return &r.Array
}
