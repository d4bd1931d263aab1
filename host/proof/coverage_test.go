package proof_test

import (
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

// TestRows holds what cases cover against lists that were written by hand.
func TestRows(t *testing.T) {
	for _, c := range []struct {
		problem       string
		with, without []string
	}{
		{"ic3ih5oc2kh3", []string{"2D", "padding VALID", "activation none", "forward", "float32, by the bound",
			"3, 5 or 7 input channels a group"},
			[]string{"3D", "1D", "batch", "rectangular input", "stride", "dilation", "padding zero",
				"padding SAME_UPPER", "groups", "transposed", "unshared", "backward", "epilogue fused"}},
		{"mb2ic2iw9oc2kw3sw2dw1", []string{"1D", "batch", "stride", "dilation"},
			[]string{"2D", "3D", "rectangular input"}},
		{"ic2id4ih5oc2kd3", []string{"3D", "rectangular input"}, []string{"2D", "1D", "rectangular filter"}},
		{"ic2ih5oc2kh3ph1", []string{"padding zero"},
			[]string{"padding VALID", "padding SAME_UPPER", "padding SAME_LOWER", "padding more behind",
				"padding more before"}},
		{"ic2ih6oc2oh3kh3sh2", []string{"padding SAME_UPPER", "padding more behind", "padding zero"},
			[]string{"padding SAME_LOWER", "padding VALID"}},
		{"ic2ih6oc2oh3kh3sh2ph1", []string{"padding SAME_LOWER", "padding more before"},
			[]string{"padding SAME_UPPER", "padding more behind"}},
		{"ic2ih5oc2kh3ph1+reflect", []string{"padding reflect"},
			[]string{"padding zero", "padding replicate", "padding circular"}},
		{"ic2ih5oc2kh3ph1+replicate", []string{"padding replicate"}, []string{"padding zero"}},
		{"ic2ih5oc2kh3ph1+circular", []string{"padding circular"}, []string{"padding zero"}},
		{"ic2ih5oc2kh3+circular", []string{"padding VALID"}, []string{"padding circular"}}, // it pads nothing
		{"g2ic4ih5oc4kh3", []string{"groups"}, []string{"depthwise"}},
		{"g4ic4ih5oc4kh3", []string{"depthwise", "one input channel a group"}, []string{"groups", "depth multiplier"}},
		{"g4ic4ih5oc8kh3", []string{"depthwise", "depth multiplier"}, []string{"groups"}},
		{"ic2ih5oc2kh3+transposed", []string{"transposed"},
			[]string{"transposed, output padding", "transposed, output size cut", "padding VALID", "stride",
				"padding zero"}},
		{"g2ic2ih5oc2oh12kh3sh2dh0+transposed",
			[]string{"transposed, output padding", "transposed, stride", "transposed, groups"},
			[]string{"transposed, output size cut", "transposed, padding", "stride"}},
		{"ic2ih5oc2oh10kh3sh2ph1dh1+transposed",
			[]string{"transposed, output size cut", "transposed, padding", "transposed, dilation"},
			[]string{"transposed, output padding"}},
		{"g2mb2ic4ih5oc4kh3+unshared", []string{"unshared", "unshared, groups", "unshared, batch"},
			[]string{"transposed"}},
		{"ic31ih5oc4kh1", []string{"one product less than threads", "1x1 filter"},
			[]string{"as many products as threads", "1x1 output"}},
		{"ic32ih1oc4kh1", []string{"as many products as threads", "1x1 output"},
			[]string{"one product less than threads"}},
		{"ic257ih1oc4kh1", []string{"one product more than threads", "more products than any workgroup"}, nil},
		{"ic1ih3oc4kh7ph8", []string{"filter larger than the input", "padding as large as the filter"},
			[]string{"stride that does not fit"}},
		{"ic1ih8oc4kh3sh2", []string{"stride that does not fit", "inputs that no output depends on"},
			[]string{"filter larger than the input"}},
	} {
		rows := proof.Rows(proof.Case{Problem: parse(t, c.problem)})
		for _, row := range c.with {
			if !slices.Contains(rows, row) {
				t.Errorf("%s covers %q, must cover %q", c.problem, rows, row)
			}
		}
		for _, row := range c.without {
			if slices.Contains(rows, row) || !slices.Contains(proof.AllRows(), row) {
				t.Errorf("%s covers %q, must not cover %q", c.problem, rows, row)
			}
		}
	}
}

// TestRowsOfOptions does so for what is not the problem's.
func TestRowsOfOptions(t *testing.T) {
	p := parse(t, "ic3ih5oc2kh3")
	for _, c := range []struct {
		c       proof.Case
		with    []string
		without string
	}{
		{proof.Case{Mode: cpuref.Exact}, []string{"float32, bit for bit"}, "float32, by the bound"},
		{proof.Case{Options: host.LayerOptions{DType: host.Float16}}, []string{"float16, by the bound"},
			"float32, by the bound"},
		{proof.Case{Options: host.LayerOptions{DType: host.Int8, Epilogue: conv.Activate(conv.ReLU)}},
			[]string{"int8, sums exact", "int8, activation", "activation relu", "forward"}, "float32, by the bound"},
		{proof.Case{Options: host.LayerOptions{DType: host.Int8, Epilogue: conv.Activate(conv.ReLU)}}, nil,
			"epilogue fused"},
		{proof.Case{Options: host.LayerOptions{DType: host.Int8,
			Epilogue: conv.Epilogue{Residual: conv.BeforeFunction}}}, []string{"int8, residual"}, "int8, activation"},
		{proof.Case{Options: host.LayerOptions{DType: host.Int8}}, []string{"int8, sums exact"}, "int8, padding"},
		{proof.Case{Options: host.LayerOptions{DType: host.Float16}}, nil, "int8, sums exact"},
		{proof.Case{Options: host.LayerOptions{Threads: 64}}, []string{"threads chosen"}, "backward"},
		{proof.Case{Backward: true}, []string{"backward"}, "forward"},
		{proof.Case{Options: host.LayerOptions{Separate: true}}, nil, "epilogue separate"}, // nothing is separate
		{proof.Case{Options: host.LayerOptions{Epilogue: conv.Epilogue{Residual: conv.BeforeFunction}}},
			[]string{"residual before", "epilogue fused"}, "residual after"},
		{proof.Case{Options: host.LayerOptions{Epilogue: conv.Epilogue{Residual: conv.AfterFunction}, Separate: true}},
			[]string{"residual after", "epilogue separate"}, "epilogue fused"},
		{proof.Case{Options: host.LayerOptions{Epilogue: conv.Activate(conv.GELU)}, Backward: true},
			[]string{"activation gelu", "backward, activation"}, "activation gelutanh"},
	} {
		c.c.Problem = p
		rows := proof.Rows(c.c)
		for _, row := range c.with {
			if !slices.Contains(rows, row) {
				t.Errorf("%s covers %q, must cover %q", text(c.c), rows, row)
			}
		}
		if slices.Contains(rows, c.without) || !slices.Contains(proof.AllRows(), c.without) {
			t.Errorf("%s covers %q, must not cover %q", text(c.c), rows, c.without)
		}
	}
}

// TestRowsAreInOrder holds what reports count on: each row has one name, and cases have theirs in order.
func TestRowsAreInOrder(t *testing.T) {
	all := proof.AllRows()
	if sorted := slices.Sorted(slices.Values(all)); len(slices.Compact(sorted)) != len(all) {
		t.Errorf("a row stands twice in %q", all)
	}
	for i := range 100 {
		at := -1
		for _, row := range proof.Rows(proof.Draw(1, i)) {
			next := slices.Index(all, row)
			if next <= at {
				t.Fatalf("case %d: %q is out of order", i, row)
			}
			at = next
		}
	}
}
