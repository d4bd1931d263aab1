package host_test

import (
	"testing"

	"github.com/gpuconv/gpuconv/host/hosttest"
)

func TestAlgorithms(t *testing.T) { hosttest.Algorithms(t, hosttest.Open(t)) }
