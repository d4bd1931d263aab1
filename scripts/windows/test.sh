#!/bin/sh
# Tests of the Windows build, under Wine on llvmpipe: gpuconv.exe from end to end, then the test binaries of the driver
# and of the layers. GOOS, CGO_ENABLED and CC are set by make test-windows.
set -eu
cd "$(dirname "$0")/../.."
wine=scripts/windows/wine.sh
exe=out/windows/gpuconv.exe

$wine $exe version
$wine $exe devices
$wine $exe run
$wine $exe verify --count 30
# Wine's DX12 has no compiler of shaders, so that doctor rightly finds an adapter that does not work: what it must find
# is that Vulkan's does.
found=$($wine $exe doctor 2>/dev/null || true)
printf '%s\n' "$found"
printf '%s\n' "$found" | grep -q "the notes' example is right, bit for bit" ||
	{ echo "windows/test.sh: doctor finds no adapter on which the notes' example is right" >&2; exit 1; }

test() { ${GO:-go} test -count=1 -timeout 20m -exec "$PWD/$wine" "$@"; }
test ./gpu/internal/native
# For the same reason the test that opens every adapter is left out; and one that wants calls to be quicker than half a
# second of work, which they are not always where Wine hands each on.
test -skip 'TestDevicesDisturbNobody|TestOthersWorkDuringAWait' ./gpu
test -short -run 'CS231n|TestSuite|TestErrors|TestProgram|TestLayer|TestPlacement|TestRunAgain' ./host
