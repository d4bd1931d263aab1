#!/bin/sh
# Builds a release below out/release: for each system an archive of the program, the page for browsers, manual pages,
# the completion of shells, what installs them, and the licences of all modules that are linked in; a list of these
# modules (SBOM); and checksums of all of it. What is
# committed is built, in a checkout of its own, so that the same commit gives the same bytes anywhere with the same
# compilers.
#
#   release.sh [SYSTEM...]   of linux and windows, both on 64-bit x86; all where none is named
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- linux windows

go=${GO:-go}
commit=$(git rev-parse HEAD)
date=$(git show -s --format=%ct HEAD)
version=$(git describe --tags --always)
out=$PWD/out/release
tree=$PWD/out/release-tree
rm -rf "$out" "$tree"
mkdir -p "$out"
git clone --quiet --no-hardlinks . "$tree"
trap 'rm -rf "$tree"' EXIT
cd "$tree"
git checkout --quiet "$commit"

GOBIN="$tree/out/tools" $go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0
# The same pages for every system.
$go test -count=1 -run TestManualPages ./cmd/gpuconv -manual "$tree/out/man" -manual-date "$date" >&2
$go build -o "$tree/out/gpuconv" ./cmd/gpuconv
for shell in bash zsh fish powershell; do
	mkdir -p "$tree/out/completion"
	"$tree/out/gpuconv" completion "$shell" >"$tree/out/completion/gpuconv.$shell"
done

make -s -C "$tree" web >&2
rm "$tree/out/web/main.wasm.gz" # archives are compressed themselves

# licences gathers, below a folder, the licences of Go and of all modules that are linked into a program.
licences() {
	mkdir -p "$2/go"
	cp "$($go env GOROOT)/LICENSE" "$2/go/"
	$go version -m "$1" | awk '$1 == "dep" {print $2, $3}' >"$2/../modules"
	[ -s "$2/../modules" ] || { echo "release.sh: $1 names no modules" >&2; exit 1; }
	while read -r path tag; do
		module=$path@$tag
		folder=$($go list -m -f '{{.Dir}}' "$path")
		mkdir -p "$2/$module"
		find "$folder" -maxdepth 1 -type f \( -iname 'licen*' -o -iname 'copying*' -o -iname 'notice*' -o \
			-iname 'ofl*' \) -exec cp {} "$2/$module/" \;
		[ -n "$(ls "$2/$module")" ] || { echo "release.sh: $module has no licence" >&2; exit 1; }
	done <"$2/../modules"
	rm "$2/../modules"
}

# archive packs a folder whose files, order, times and owners are the same on each run.
archive() {
	tar --sort=name --mtime="@$date" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw -C "$tree/out" -cf - "$1" |
		gzip -n -9 >"$out/$1.tar.gz"
}

for system; do
	case $system in
	# Parts of wgpu are never called; what mingw-w64's linker takes for such was never tried.
	linux) compiler=gcc program=gpuconv flags=-extldflags=-Wl,--gc-sections ;;
	windows) compiler=x86_64-w64-mingw32-gcc program=gpuconv.exe flags= ;;
	*) echo "release.sh: $system: must be linux or windows" >&2; exit 2 ;;
	esac
	name="gpuconv-$version-$system-amd64"
	mkdir -p "$tree/out/$name"
	GOOS=$system GOARCH=amd64 CGO_ENABLED=1 CC=$compiler \
		$go build -trimpath -buildvcs=true -ldflags="-s -w $flags" -o "$tree/out/$name/$program" ./cmd/gpuconv
	cp -r README.md CHANGELOG.md LICENSE NOTICE docs "$tree/out/man" "$tree/out/completion" "$tree/out/web" \
		"$tree/out/$name"
	[ "$system" = windows ] || cp scripts/install.sh "$tree/out/$name"
	licences "$tree/out/$name/$program" "$tree/out/$name/licences"
	archive "$name"
	# A program that was linked in another way than those that the tests run proves itself.
	if [ "$system" = linux ]; then
		"$tree/out/$name/$program" verify --count 20 >&2
		PREFIX="$tree/out/installed" "$tree/out/$name/install.sh" >&2
		scripts/test_installed.sh "$tree/out/installed" >&2
	fi
	GOOS=$system GOARCH=amd64 CGO_ENABLED=1 "$tree/out/tools/cyclonedx-gomod" app -json -licenses -noserial \
		-output "$out/$name.cdx.json" -main cmd/gpuconv .
	sed -i "s/\"timestamp\": \"[^\"]*\"/\"timestamp\": \"$(date -u -d "@$date" +%FT%TZ)\"/" "$out/$name.cdx.json"
done
(cd "$out" && sha256sum -- * >SHA256SUMS)
cat "$out/SHA256SUMS"
