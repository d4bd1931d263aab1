#!/bin/sh
# Tries what a user types, `go install github.com/gpuconv/gpuconv/cmd/gpuconv@VERSION`, on the last commit and with
# an empty module cache: all else than gpuconv comes through the GOPROXY that is set.
set -eu
cd "$(dirname "$0")/.."

go=${GO:-go}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
version=$($go run ./scripts/proxy "$folder/proxy")
upstream=$($go env GOPROXY)

cd "$folder" # outside of the module: go.mod must not help
GOPROXY="file://$folder/proxy,$upstream" GONOSUMDB=github.com/gpuconv/gpuconv GOMODCACHE="$folder/modules" \
	GOBIN="$folder/bin" GOFLAGS=-modcacherw GOWORK=off \
	$go install "github.com/gpuconv/gpuconv/cmd/gpuconv@$version"
"$folder/bin/gpuconv" version
"$folder/bin/gpuconv" version | grep -q "$version" || { echo "test_install.sh: not version $version" >&2; exit 1; }
"$folder/bin/gpuconv" run
