#!/bin/sh
# Installs what a bare Debian machine lacks, and nothing where it is there already.
#
#   setup.sh run    after make build, an adapter: a software Vulkan driver where the machine has no GPU
#   setup.sh test   both software adapters that the tests run on, llvmpipe and SwiftShader, and ONNX's
#                   own test data
#   setup.sh windows    the compiler of C for Windows
#   setup.sh wine       Wine, a display for it, and llvmpipe
#   setup.sh translate   the nagas of the wgpu libraries that the bindings link, below out/, and validators
set -eu

say() { echo "gpuconv: $*" >&2; }

install() {
	if ! command -v apt-get >/dev/null; then
		say "needs $*, which only Debian's apt-get can install here:" \
			"install a Vulkan, Metal or DX12 driver for this system"
		exit 1
	fi
	as_root=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || { say "run as root: apt-get install $*"; exit 1; }
		as_root=sudo
	fi
	say "installing $*"
	$as_root apt-get update -qq >&2
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >&2 ||
		{ say "apt-get could not install $*"; exit 1; }
}

case ${1-} in
run)
	# Exit code 3 says that there is no adapter; anything else is not for this script to mend.
	status=0
	./gpuconv devices >/dev/null 2>&1 || status=$?
	[ "$status" != 3 ] || install libvulkan1 mesa-vulkan-drivers
	;;
test)
	missing=
	ls /usr/share/vulkan/icd.d/lvp_icd*.json >/dev/null 2>&1 || missing="libvulkan1 mesa-vulkan-drivers"
	# SwiftShader is in a package that stays when chromium's own is removed.
	{ [ -e /usr/lib/chromium/vk_swiftshader_icd.json ] && command -v chromium >/dev/null; } ||
		missing="$missing chromium"
	ls /usr/share/libonnx-testdata >/dev/null 2>&1 || missing="$missing libonnx-testdata"
	# shellcheck disable=SC2086 # a list of packages
	[ -z "$missing" ] || install $missing
	;;
windows)
	command -v x86_64-w64-mingw32-gcc >/dev/null || install gcc-mingw-w64-x86-64-win32
	;;
wine)
	missing=
	command -v wine64 >/dev/null || [ -x /usr/lib/wine/wine64 ] || missing="wine wine64"
	command -v xvfb-run >/dev/null || missing="$missing xvfb xauth"
	ls /usr/share/vulkan/icd.d/lvp_icd*.json >/dev/null 2>&1 || missing="$missing libvulkan1 mesa-vulkan-drivers"
	# shellcheck disable=SC2086 # a list of packages
	[ -z "$missing" ] || install $missing
	;;
translate)
	missing=
	command -v spirv-val >/dev/null || missing=spirv-tools
	command -v glslangValidator >/dev/null || missing="$missing glslang-tools"
	# shellcheck disable=SC2086 # a list of packages
	[ -z "$missing" ] || install $missing
	for version in 0.19.0 22.0.0; do
		[ -x "out/naga/$version/bin/naga" ] && continue
		command -v cargo >/dev/null || { say "needs cargo on the PATH: https://rustup.rs"; exit 1; }
		say "installing naga-cli $version below out/naga"
		# Without --locked, which would take older versions of naga itself than the wgpu libraries have.
		cargo install --quiet naga-cli --version "$version" --root "out/naga/$version" >&2
	done
	;;
*)
	say "usage: setup.sh run|test|windows|wine|translate"
	exit 2
	;;
esac
