package host_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// The tests below damage real runs: a check that cannot fail proves nothing.

// verdict is what Verify says of a layer.
func verdict(t *testing.T, l *host.Layer, descriptor string) (cpuref.Report, error) {
	t.Helper()
	_, x := example(t, cpu(t), descriptor, host.LayerOptions{})
	_, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Mode: cpuref.Exact})
	return report, err
}

// mismatch fails the test unless the run was judged wrong in at least so many outputs.
func mismatch(t *testing.T, l *host.Layer, descriptor string, least int) cpuref.Report {
	t.Helper()
	report, err := verdict(t, l, descriptor)
	if err != nil || report.Failed < least || !errors.Is(report.Err(), cpuref.ErrMismatch) {
		t.Errorf("report %v, error %v, must find %d wrong outputs or more", report, err, least)
	}
	return report
}

func TestCheckerFindsLeftOutDispatches(t *testing.T) {
	dev := hosttest.Open(t)
	l, _ := example(t, dev, small, host.LayerOptions{})
	outputs := int(l.Problem().OutLen())
	host.LeaveOutAll(t, l)
	if r := mismatch(t, l, small, outputs); r.NaNs != outputs {
		t.Errorf("%v: every output must still be poison", r)
	}
	l, _ = example(t, dev, small, host.LayerOptions{})
	host.LeaveOutReLU(t, l)
	mismatch(t, l, small, outputs/4)
}

// TestCheckerFindsStaleOutputs holds that the poison is written anew for each run: outputs of an earlier
// run, right as they are, must not pass for those of a run that computes nothing.
func TestCheckerFindsStaleOutputs(t *testing.T) {
	l, x := example(t, hosttest.Open(t), small, host.LayerOptions{})
	if err := verify(l, x); err != nil {
		t.Fatal(err)
	}
	host.LeaveOutAll(t, l)
	mismatch(t, l, small, int(l.Problem().OutLen()))
}

func TestCheckerFindsSwappedOperands(t *testing.T) {
	const same = "ic4ih10oc4kh5ph2" // both have 400 numbers
	l, _ := example(t, hosttest.Open(t), same, host.LayerOptions{})
	host.SwapXW(t, l)
	mismatch(t, l, same, 200)
}

// TestCheckerFindsDamage writes one word after the dispatches, to each end of each operand and of each
// guard. Only what is inside V is a wrong output.
func TestCheckerFindsDamage(t *testing.T) {
	dev := hosttest.Open(t)
	l, x := example(t, dev, small, host.LayerOptions{})
	if err := verify(l, x); err != nil {
		t.Fatal("undamaged: ", err)
	}
	for operand, name := range map[int]string{host.OperandX: "X", host.OperandW: "W", host.OperandB: "b",
		host.OperandV: "V"} {
		numbers, guards := host.Words(t, l, operand)
		for _, word := range []int64{-guards, -1, 0, numbers / 2, numbers - 1, numbers, numbers + guards - 1} {
			t.Run(fmt.Sprint(name, " word ", word), func(t *testing.T) {
				l, _ := example(t, dev, small, host.LayerOptions{})
				host.Corrupt(t, l, operand, word, 0.5)
				report, err := verdict(t, l, small)
				switch inside := word >= 0 && word < numbers; {
				case !inside:
					says(t, "guard", err, cpuref.ErrGuard, name, small)
				case operand != host.OperandV:
					says(t, "operand", err, cpuref.ErrChanged, name, fmt.Sprintf("element %d", word))
				case err != nil || report.Failed != 1 || report.First.Got != 0.5:
					t.Errorf("report %v, error %v, must find one wrong output", report, err)
				}
			})
		}
	}
}

// TestCheckerFindsAllDamage holds that one finding does not hide another.
func TestCheckerFindsAllDamage(t *testing.T) {
	l, _ := example(t, hosttest.Open(t), small, host.LayerOptions{})
	host.Corrupt(t, l, host.OperandX, 3, 0.5)
	host.Corrupt(t, l, host.OperandV, -1, 0.5)
	_, err := verdict(t, l, small)
	says(t, "both", err, cpuref.ErrGuard, "before the output volume V")
	says(t, "both", err, cpuref.ErrChanged, "the input volume X", "element 3")
}

// TestRunDoesNotCheck holds what Run promises: speed. Damage beside its outputs is for Verify.
func TestRunDoesNotCheck(t *testing.T) {
	l, x := example(t, hosttest.Open(t), small, host.LayerOptions{})
	host.Corrupt(t, l, host.OperandX, 3, 0.5)
	if _, err := l.Run(t.Context(), x); err != nil {
		t.Error(err)
	}
}
