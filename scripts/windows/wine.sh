#!/bin/sh
# Runs a Windows program under Wine, whose Vulkan is this machine's llvmpipe.
#
#   wine.sh PROGRAM.exe [arguments]
#
# The prefix lies below out/windows. Wine opens Vulkan only where there is a display, which Xvfb stands in for.
set -eu
cd "$(dirname "$0")/../.."

export WINEPREFIX="$PWD/out/windows/prefix" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml="
VK_ICD_FILENAMES=$(ls /usr/share/vulkan/icd.d/lvp_icd*.json | head -n 1)
export VK_ICD_FILENAMES VK_DRIVER_FILES="$VK_ICD_FILENAMES" GPUCONV_BACKEND=vulkan GPUCONV_ADAPTER=llvmpipe
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
system="$WINEPREFIX/drive_c/windows/system32"
if [ ! -e "$system/bcryptprimitives.dll" ]; then
	xvfb-run -a "$wine" wineboot --init >/dev/null 2>&1
	x86_64-w64-mingw32-gcc -shared -O2 -o "$system/bcryptprimitives.dll" scripts/windows/bcryptprimitives.c -ladvapi32
fi
cd - >/dev/null
exec xvfb-run -a "$wine" "$@"
