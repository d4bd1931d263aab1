#!/bin/sh
# Measures the comparison suite and prints how it stands against the project's bars.
#
#   bench.sh software [FOLDER]   on llvmpipe and SwiftShader, beside ONNX Runtime on SwiftShader
#   bench.sh gpu [FOLDER]        on the best GPU, beside cuDNN through PyTorch where that is installed
#   bench.sh rules [FOLDER]      every algorithm on some layers, on llvmpipe and SwiftShader, and the figures by which
#                                rules choose fitted to the times: see docs/rules.md
#   bench.sh rules-gpu [FOLDER]  the same on the best GPU, on all layers
#
# FOLDER (default results/DATE) gets the files; BUDGET (default 1s, for the rules 60ms) is the time for a layer's
# samples, TUNE (default 5s) that for its tuning.
set -eu

out=${2:-results/$(date -u +%Y-%m-%d)}
budget=${BUDGET:-1s}
tune=${TUNE:-5s}
winograd='resnet_3x3|vgg_conv3|superres|batch8'
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# on ADAPTER COMMAND...: with only that software adapter's driver visible.
on() {
	case $1 in
	llvmpipe) driver=$(ls /usr/share/vulkan/icd.d/lvp_icd*.json | head -n 1) ;;
	swiftshader) driver=/usr/lib/chromium/vk_swiftshader_icd.json ;;
	esac
	shift
	env VK_ICD_FILENAMES="$driver" VK_DRIVER_FILES="$driver" GPUCONV_BACKEND=vulkan "$@"
}

# measure NAME COMMAND...: the suite, tuned into a file of its own and by the rules alone.
measure() {
	name=$1
	shift
	"$@" ./gpuconv tune --suite core --cache "$work/$name.json" --budget "$tune"
	"$@" ./gpuconv bench --suite core --cache "$work/$name.json" --budget "$budget" \
		--output-json "$out/$name.json" --html "$out/$name.html"
	"$@" ./gpuconv bench --suite core --tuned=false --no-ceilings --budget "$budget" \
		--output-json "$out/$name-default.json"
}

# rules NAME LAYERS COMMAND...: every algorithm on those layers, of which only what the fit reads is kept.
# Three rounds give each result the three samples that the fit asks for.
rules() {
	name=$1
	layers=$2
	shift 2
	"$@" ./gpuconv bench --suite core --match "$layers" --algorithm all --rounds 3 --warmup 1 --no-ceilings \
		--budget "${BUDGET:-60ms}" --output-json "$work/rules-$name.json"
	go run ./scripts/rules -trim "$out/rules-$name.json" "$work/rules-$name.json"
}

# Layers that take software adapters seconds tell no more than these.
light='vgg_conv1|resnet_stem|resnet_3x3_(28|14|7)|resnet_1x1_(56|14)|mobilenet|resnext|inception'

case ${1-} in
rules)
	scripts/setup.sh test
	rules llvmpipe "$light" on llvmpipe
	rules swiftshader "$light" on swiftshader
	go run ./scripts/rules "$out"/rules-*.json
	exit
	;;
rules-gpu)
	rules gpu . env
	go run ./scripts/rules "$out/rules-gpu.json"
	exit
	;;
software)
	scripts/setup.sh test
	measure llvmpipe on llvmpipe
	on llvmpipe ./gpuconv bench --suite core --match "$winograd" --no-ceilings --budget "$budget" \
		--algorithm registers,shared,winograd2,winograd3,winograd4,winograd6 \
		--output-json "$out/llvmpipe-winograd.json"
	on llvmpipe ./gpuconv bench --suite large --algorithm registers,fourier --no-ceilings --budget "$budget" \
		--output-json "$out/llvmpipe-large.json"
	measure swiftshader on swiftshader
	if command -v npm >/dev/null; then
		cp scripts/peers/package.json scripts/peers/ort.mjs "$work"
		(cd "$work" && npm install --silent --ignore-scripts)
		on swiftshader node "$work/ort.mjs" webgpu <bench/suites/core.txt >"$out/swiftshader-ort.json"
		on swiftshader ./gpuconv compare "$out/swiftshader-ort.json" "$out/swiftshader.json"
	else
		echo "gpuconv: no npm on the PATH: ONNX Runtime is left out" >&2
	fi
	go test -run '^$' -bench Again -benchtime 200x ./host
	;;
gpu)
	measure gpu env
	./gpuconv bench --suite bodies16 --cache "$work/gpu.json" --budget "$budget" --output-json "$out/gpu-b16.json"
	if python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
		python3 scripts/peers/cudnn.py <bench/suites/core.txt >"$out/gpu-cudnn.json"
		./gpuconv compare "$out/gpu-cudnn.json" "$out/gpu.json"
	else
		echo "gpuconv: no PyTorch with CUDA: cuDNN is left out" >&2
	fi
	;;
*)
	echo "bench.sh: ${1-nothing}: must be software, gpu, rules or rules-gpu" >&2
	exit 2
	;;
esac
go run ./scripts/bars "$out"
