#!/bin/sh
# Installs gpuconv from the folder that this script is in: the program, its manual pages, the completion of shells and
# the page for browsers.
#
#   PREFIX=/usr/local ./install.sh
set -eu
from=$(cd "$(dirname "$0")" && pwd)
to=${PREFIX:-/usr/local}

put() { # put MODE FOLDER FILE...
	mode=$1 folder=$to/$2
	shift 2
	mkdir -p "$folder"
	install -m "$mode" "$@" "$folder"
}

put 755 bin "$from/gpuconv"
put 644 share/man/man1 "$from"/man/*.1
put 644 share/gpuconv/web "$from"/web/*
cp -R "$from/licences" "$to/share/gpuconv/"
# Where the shells of most systems look.
mkdir -p "$to/share/bash-completion/completions" "$to/share/zsh/site-functions" "$to/share/fish/vendor_completions.d"
install -m 644 "$from/completion/gpuconv.bash" "$to/share/bash-completion/completions/gpuconv"
install -m 644 "$from/completion/gpuconv.zsh" "$to/share/zsh/site-functions/_gpuconv"
install -m 644 "$from/completion/gpuconv.fish" "$to/share/fish/vendor_completions.d/gpuconv.fish"
echo "gpuconv is in $to/bin, its page in $to/share/gpuconv/web"
