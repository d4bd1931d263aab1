#!/bin/sh
# Builds the release for Linux twice, here and in a clone elsewhere, and holds that both have the same bytes.
set -eu
cd "$(dirname "$0")/.."
other=$(mktemp -d)
trap 'rm -rf "$other"' EXIT
git clone --quiet --no-hardlinks . "$other/elsewhere"
scripts/release.sh linux
"$other/elsewhere/scripts/release.sh" linux
cmp out/release/SHA256SUMS "$other/elsewhere/out/release/SHA256SUMS" ||
	{ echo "test_release.sh: two builds of one commit differ" >&2; exit 1; }
echo "the release of $(git rev-parse --short HEAD) has the same bytes, built twice"
