#!/bin/sh
# Runs the tests that need an adapter on one of them, by name, with only its driver visible.
#
#   test.sh llvmpipe|swiftshader|default [go test arguments]
set -eu

case $1 in
llvmpipe) driver=$(ls /usr/share/vulkan/icd.d/lvp_icd*.json | head -n 1) ;;
swiftshader) driver=/usr/lib/chromium/vk_swiftshader_icd.json ;;
default) driver= ;;
*) echo "test.sh: $1: must be llvmpipe, swiftshader or default" >&2; exit 2 ;;
esac
if [ -n "$driver" ]; then
	# Older loaders know only the first name. The adapter's name makes sure that no other one is taken.
	export VK_ICD_FILENAMES="$driver" VK_DRIVER_FILES="$driver" GPUCONV_BACKEND=vulkan GPUCONV_ADAPTER="$1"
fi
shift
# Of the broken shaders each day has others tried, by the number of its turn.
export GPUCONV_MUTANTS="${GPUCONV_MUTANTS:-$(($(date +%s) / 86400))}"
echo "test.sh: GPUCONV_MUTANTS=$GPUCONV_MUTANTS tries the same broken shaders again" >&2
# Results must not be cached: Go does not see which driver C loads.
exec go test -count=1 -timeout 40m "$@"
