package host_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// The tests below damage real gradients, as those of verify_test.go do with outputs.

// backwardExample is a layer that has every volume of the way back, of integers.
func backwardExample(t *testing.T, dev *host.Device) (*host.Layer, proof.Operands) {
	t.Helper()
	e := conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU}, Residual: conv.BeforeFunction}
	c := proof.Case{Problem: problem(t, small), Seed: 1, Mode: cpuref.Exact, Backward: true,
		Options: host.LayerOptions{Algorithm: "direct", Epilogue: e}}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	c.Options.Slopes = data.Slopes
	return build(t, dev, c.Problem, data.W, c.Options), data
}

// wrong names the volumes that were judged wrong, each with how many of its numbers.
func wrong(l *host.Layer, data proof.Operands) (map[string]int, error) {
	_, judged, err := l.VerifyBackward(context.Background(), data.X, data.DV, cpuref.Exact, data.Residual...)
	found := map[string]int{}
	for _, j := range judged {
		if j.Report.Failed > 0 {
			found[j.What] = j.Report.Failed
		}
	}
	return found, err
}

// backwardOperands are the volumes of the way back; result says which of them VerifyBackward judges.
var backwardOperands = []struct {
	operand int
	name    string // in an error
	result  string
}{
	{host.OperandX, "X", ""}, {host.OperandW, "W", ""}, {host.OperandB, "b", ""}, {host.OperandSlopes, "slopes", ""},
	{host.OperandResidual, "R", ""},
	{host.OperandDV, "dV", ""}, {host.OperandZ, "Z", "Z"}, {host.OperandDZ, "dZ", "dZ"},
	{host.OperandDX, "dX", "dX"}, {host.OperandDW, "dW", "dW"}, {host.OperandDB, "db", "db"},
	{host.OperandDSlopes, "slopes", "dslope"},
}

// TestCheckerFindsBackwardDamage writes one word after the way back, to each end of each volume and of
// each guard. Operands must be found changed, results judged wrong: a wrong Z or dZ also by what follows
// from it.
func TestCheckerFindsBackwardDamage(t *testing.T) {
	dev := hosttest.Open(t)
	l, data := backwardExample(t, dev)
	if found, err := wrong(l, data); err != nil || len(found) > 0 {
		t.Fatal("undamaged: ", found, err)
	}
	for _, o := range backwardOperands {
		numbers, guards := host.Words(t, l, o.operand)
		for _, word := range []int64{-guards, -1, 0, numbers - 1, numbers, numbers + guards - 1} {
			t.Run(fmt.Sprint(o.name, o.result, " word ", word), func(t *testing.T) {
				l, data := backwardExample(t, dev)
				host.CorruptBackward(t, l, o.operand, word, 0.75)
				found, err := wrong(l, data)
				switch inside := word >= 0 && word < numbers; {
				case !inside:
					says(t, "guard", err, cpuref.ErrGuard, o.name, small)
				case o.result == "":
					says(t, "operand", err, cpuref.ErrChanged, o.name, fmt.Sprintf("element %d", word))
				case err != nil || found[o.result] != 1:
					t.Errorf("wrong %v, error %v, must find one wrong number in %s", found, err, o.result)
				}
			})
		}
	}
}

// TestCheckerFindsLeftOutGradients holds that every volume is poisoned before the way back: a run that
// computes nothing must not pass on what an earlier one left.
func TestCheckerFindsLeftOutGradients(t *testing.T) {
	l, data := backwardExample(t, hosttest.Open(t))
	if found, err := wrong(l, data); err != nil || len(found) > 0 {
		t.Fatal("undamaged: ", found, err)
	}
	host.LeaveOutBackward(t, l)
	found, err := wrong(l, data)
	if err != nil && !errors.Is(err, cpuref.ErrNoVerdict) || found["Z"] != int(l.Problem().OutLen()) {
		t.Errorf("wrong %v, error %v, every Z must still be poison", found, err)
	}
}
