package gomlx

import "github.com/gomlx/gomlx/backends"

// This file has a method for each operator of one or two operands that computes number by number. What has no name of
// ONNX's is computed elsewhere.

// Abs is GoMLX's.
func (b *Builder) Abs(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeAbs, backends.Builder.Abs, x, "Abs")
}

// BitCount is GoMLX's.
func (b *Builder) BitCount(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeBitCount, backends.Builder.BitCount, x)
}

// BitwiseNot is GoMLX's.
func (b *Builder) BitwiseNot(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeBitwiseNot, backends.Builder.BitwiseNot, x)
}

// Ceil is GoMLX's.
func (b *Builder) Ceil(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeCeil, backends.Builder.Ceil, x, "Ceil")
}

// Clz is GoMLX's.
func (b *Builder) Clz(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeClz, backends.Builder.Clz, x)
}

// Cos is GoMLX's.
func (b *Builder) Cos(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeCos, backends.Builder.Cos, x, "Cos")
}

// Erf is GoMLX's.
func (b *Builder) Erf(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeErf, backends.Builder.Erf, x, "Erf")
}

// Exp is GoMLX's.
func (b *Builder) Exp(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeExp, backends.Builder.Exp, x, "Exp")
}

// Expm1 is GoMLX's.
func (b *Builder) Expm1(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeExpm1, backends.Builder.Expm1, x)
}

// Floor is GoMLX's.
func (b *Builder) Floor(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeFloor, backends.Builder.Floor, x, "Floor")
}

// IsFinite is GoMLX's.
func (b *Builder) IsFinite(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeIsFinite, backends.Builder.IsFinite, x)
}

// IsNaN is GoMLX's.
func (b *Builder) IsNaN(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeIsNaN, backends.Builder.IsNaN, x, "IsNaN")
}

// Log is GoMLX's.
func (b *Builder) Log(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeLog, backends.Builder.Log, x, "Log")
}

// Log1p is GoMLX's.
func (b *Builder) Log1p(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeLog1p, backends.Builder.Log1p, x)
}

// LogicalNot is GoMLX's.
func (b *Builder) LogicalNot(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeLogicalNot, backends.Builder.LogicalNot, x, "Not")
}

// Logistic is GoMLX's.
func (b *Builder) Logistic(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeLogistic, backends.Builder.Logistic, x, "Sigmoid")
}

// Neg is GoMLX's.
func (b *Builder) Neg(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeNeg, backends.Builder.Neg, x, "Neg")
}

// Round is GoMLX's.
func (b *Builder) Round(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeRound, backends.Builder.Round, x, "Round")
}

// Rsqrt is GoMLX's.
func (b *Builder) Rsqrt(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeRsqrt, backends.Builder.Rsqrt, x, "Sqrt", "Reciprocal")
}

// Sign is GoMLX's.
func (b *Builder) Sign(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeSign, backends.Builder.Sign, x, "Sign")
}

// Sin is GoMLX's.
func (b *Builder) Sin(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeSin, backends.Builder.Sin, x, "Sin")
}

// Sqrt is GoMLX's.
func (b *Builder) Sqrt(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeSqrt, backends.Builder.Sqrt, x, "Sqrt")
}

// Tanh is GoMLX's.
func (b *Builder) Tanh(x backends.Op) (backends.Op, error) {
	return b.function(backends.OpTypeTanh, backends.Builder.Tanh, x, "Tanh")
}

// Add is GoMLX's.
func (b *Builder) Add(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeAdd, backends.Builder.Add, x, y, true, "Add")
}

// BitwiseAnd is GoMLX's.
func (b *Builder) BitwiseAnd(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeBitwiseAnd, backends.Builder.BitwiseAnd, x, y, false)
}

// BitwiseOr is GoMLX's.
func (b *Builder) BitwiseOr(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeBitwiseOr, backends.Builder.BitwiseOr, x, y, false)
}

// BitwiseXor is GoMLX's.
func (b *Builder) BitwiseXor(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeBitwiseXor, backends.Builder.BitwiseXor, x, y, false)
}

// Div is GoMLX's.
func (b *Builder) Div(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeDiv, backends.Builder.Div, x, y, true, "Div")
}

// Equal is GoMLX's.
func (b *Builder) Equal(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeEqual, backends.Builder.Equal, x, y, true, "Equal")
}

// GreaterOrEqual is GoMLX's.
func (b *Builder) GreaterOrEqual(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeGreaterOrEqual, backends.Builder.GreaterOrEqual, x, y, true, "GreaterOrEqual")
}

// GreaterThan is GoMLX's.
func (b *Builder) GreaterThan(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeGreaterThan, backends.Builder.GreaterThan, x, y, true, "Greater")
}

// LessOrEqual is GoMLX's.
func (b *Builder) LessOrEqual(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeLessOrEqual, backends.Builder.LessOrEqual, x, y, true, "LessOrEqual")
}

// LessThan is GoMLX's.
func (b *Builder) LessThan(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeLessThan, backends.Builder.LessThan, x, y, true, "Less")
}

// LogicalAnd is GoMLX's.
func (b *Builder) LogicalAnd(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeLogicalAnd, backends.Builder.LogicalAnd, x, y, false, "And")
}

// LogicalOr is GoMLX's.
func (b *Builder) LogicalOr(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeLogicalOr, backends.Builder.LogicalOr, x, y, false, "Or")
}

// LogicalXor is GoMLX's.
func (b *Builder) LogicalXor(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeLogicalXor, backends.Builder.LogicalXor, x, y, false, "Xor")
}

// Max is GoMLX's.
func (b *Builder) Max(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeMax, backends.Builder.Max, x, y, true, "Max")
}

// Min is GoMLX's.
func (b *Builder) Min(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeMin, backends.Builder.Min, x, y, true, "Min")
}

// Mul is GoMLX's.
func (b *Builder) Mul(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeMul, backends.Builder.Mul, x, y, true, "Mul")
}

// NotEqual is GoMLX's.
func (b *Builder) NotEqual(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeNotEqual, backends.Builder.NotEqual, x, y, true, "Equal", "Not")
}

// Pow is GoMLX's.
func (b *Builder) Pow(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypePow, backends.Builder.Pow, x, y, true, "Pow")
}

// Rem is GoMLX's.
func (b *Builder) Rem(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeRem, backends.Builder.Rem, x, y, false)
}

// Sub is GoMLX's.
func (b *Builder) Sub(x, y backends.Op) (backends.Op, error) {
	return b.pair(backends.OpTypeSub, backends.Builder.Sub, x, y, true, "Sub")
}
