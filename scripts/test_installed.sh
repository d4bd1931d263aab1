#!/bin/sh
# Holds that what install.sh installed below a folder is there and works: the program, its page, manual, completion.
#
#   test_installed.sh FOLDER
set -eu
cd "$1"
for file in share/man/man1/gpuconv.1 share/bash-completion/completions/gpuconv share/zsh/site-functions/_gpuconv \
	share/fish/vendor_completions.d/gpuconv.fish share/gpuconv/web/main.wasm share/gpuconv/licences/go/LICENSE; do
	[ -s "$file" ] || { echo "test_installed.sh: $file is not there" >&2; exit 1; }
done
bin/gpuconv version
bin/gpuconv web --port 0 >served &
trap 'kill $! 2>/dev/null || true' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -s served ] && break
	sleep 1
done
grep -q '^http://localhost:' served || { echo "test_installed.sh: gpuconv web serves nothing" >&2; exit 1; }
echo "installed: the program, its page, manual pages and completion"
