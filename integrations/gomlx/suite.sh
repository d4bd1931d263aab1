#!/bin/sh
# Runs GoMLX's own tests of what this backend computes, as they are, with GoMLX's backend replaced by this one.
#
#   suite.sh llvmpipe|swiftshader|default [go test arguments]
#
# GOMLX_BACKEND=gpuconv:float64 has float64 computed on the GPU too; KEEP=1 keeps the folder.
#
# GoMLX's module is copied to a temporary folder, for its tests cannot import a backend from outside. There
# each package that is tested has one file more, which imports this backend, and two things are changed: GoMLX does not
# download XLA, which its tests do before anything else; and simplego's test of ConvGeneral stands in a package of its
# own, since simplego cannot import what imports it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
adapter=$1
shift
case $adapter in
llvmpipe | swiftshader | default) ;;
*) echo "suite.sh: $adapter: must be llvmpipe, swiftshader or default" >&2; exit 2 ;;
esac
from=$(go -C "$here" list -m -f '{{.Dir}}' github.com/gomlx/gomlx)
[ -n "$from" ] || { echo "suite.sh: GoMLX is not there: run go mod download in $here" >&2; exit 1; }
to=$(mktemp -d)
trap '[ -n "${KEEP:-}" ] || rm -rf "$to"' EXIT
trap 'exit 1' INT TERM
for part in go.mod go.sum pkg backends internal ui; do
	cp -R "$from/$part" "$to/"
done
chmod -R u+w "$to"
cd "$to"
cat "$here/go.sum" >>go.sum
go mod edit -require github.com/gpuconv/gpuconv/integrations/gomlx@v0.0.0 \
	-replace github.com/gpuconv/gpuconv/integrations/gomlx="$here" \
	-replace github.com/gpuconv/gpuconv="$root" -go "$(go -C "$here" list -m -f '{{.GoVersion}}')" \
	-toolchain none

install='return installer.AutoInstall("", true, installer.Normal)'
grep -qF "$install" backends/xla/xla.go || { echo "suite.sh: xla.AutoInstall is not what it was" >&2; exit 1; }
sed -i.orig "s/$install/_ = installer.AutoInstall; return nil/" backends/xla/xla.go

mkdir backends/gpuconvtest
cp backends/simplego/convgeneral_test.go backends/simplego/simplego_test.go backends/gpuconvtest/
cat >backends/gpuconvtest/types_test.go <<'END'
package simplego

import "github.com/gomlx/gomlx/pkg/core/dtypes"

var F32 = dtypes.Float32
END

# The last test of each package prints what was computed where, and fails where the GPU computed nothing.
report() {
	cat >"$1/zz_gpuconv_test.go" <<END
package $2

import (
	"fmt"
	"testing"

	$3

	"github.com/gpuconv/gpuconv/integrations/gomlx"
)

func TestGpuconvReport(t *testing.T) {
	b, ok := $4.(*gomlx.Backend)
	if !ok {
		t.Fatalf("the tests ran on %T", $4)
	}
	r, elsewhere := b.Report(), map[string]int{}
	for e, n := range r.Elsewhere {
		elsewhere[e.Op] += n
	}
	fmt.Printf("REPORT $1 on %s: %d nodes on the GPU in %d submissions, of them %d ConvGeneral and %d ReduceWindow; "+
		"%d elsewhere, of them %d and %d\n", b.DeviceDescription(0), r.OnGPU(), r.Submissions, r.GPU["ConvGeneral"],
		r.GPU["ReduceWindow"], r.NotOnGPU(), elsewhere["ConvGeneral"], elsewhere["ReduceWindow"])
	fmt.Printf("WHOLE REPORT $1: %s\n", r)
	if r.OnGPU() == 0 {
		t.Error("the GPU computed nothing")
	}
}
END
}
graphtest='"github.com/gomlx/gomlx/pkg/core/graph/graphtest"'
report pkg/core/graph graph_test "$graphtest" 'graphtest.BuildTestBackend()'
report pkg/ml/layers layers "$graphtest" 'graphtest.BuildTestBackend()'
report backends/gpuconvtest simplego '' backend

# What is left out, and why:
# - complex numbers, shifts, Bitcast, FFT and slices at places that a run gives are operators that simplego lacks:
lacks='Complex|ConvertDType|OneArgOps|IsZero|GradientAbs$|RealImag|BitwiseShifts|Bitcast|FFT|DynamicSlice'
lacks="$lacks|DynamicUpdate"
# - so are random numbers of float16 and of complex types:
lacks="$lacks|RandomUniform|RandomNormal"
# - simplego fails it too:
lacks="$lacks|GradientGatherSlices"
# - it wants 11 to the power of 3 exactly, and a GPU's powers round:
rounds='TwoArgsOps'
# - it wants the roundings of XLA: the gradient there is 0, which it does not take:
rounds="$rounds|TestGradientBatchNorm/BatchNorm_gradient"
# - it trains for minutes, and has no convolution:
long='MultiHeadAttentionTraining'
export GOMLX_BACKEND="${GOMLX_BACKEND:-gpuconv}" GOFLAGS=-mod=mod
"$root/scripts/test.sh" "$adapter" -v -skip "$lacks|$rounds|$long" "$@" ./pkg/core/graph ./pkg/ml/layers \
	./backends/gpuconvtest >out.txt 2>&1 || failed=1
grep -E '^(--- FAIL|    --- FAIL|REPORT|ok|FAIL|panic)' out.txt || true
passed=$(grep '^--- PASS' out.txt | grep -cv Gpuconv)
layers=$(grep -cE '^--- PASS: .*(Convol|ConvG|Pool|SelectAndS)' out.txt)
echo "$passed tests passed, of them $layers of convolutions and pools"
if [ -n "${failed:-}" ]; then
	mkdir -p "$root/out"
	cp out.txt "$root/out/gomlx.txt"
	echo "suite.sh: all of it is in out/gomlx.txt" >&2
	exit 1
fi
