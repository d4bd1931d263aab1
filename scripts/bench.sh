#!/bin/sh
# Measures the comparison suite and prints how it stands against the project's bars.
#
#   bench.sh software [FOLDER]   on llvmpipe beside ncnn, on SwiftShader beside ONNX Runtime; then kinds, gradients and
#                                networks
#   bench.sh kinds [FOLDER]      other layers and numbers beside plain layers of float32: transposed ones, gradients,
#                                float16, int8, unshared and depthwise ones
#   bench.sh rdna2 [FOLDER]      what a compiler for AMD's GPUs makes of the loops that GPUs run most
#   bench.sh networks [FOLDER]   the networks of ../shared, where they are, beside ncnn on llvmpipe and ONNX Runtime
#                                on SwiftShader
#   bench.sh web [FOLDER]        the page's program in Chromium on SwiftShader, beside ONNX Runtime Web in that
#   bench.sh gradients [FOLDER]  dX and dW of ResNet-50's layers on SwiftShader, beside TensorFlow.js' WebGPU over Dawn
#   bench.sh gpu [FOLDER]        on the best GPU, beside cuDNN through PyTorch where that is installed, and beside
#                                ncnn's Vulkan and ONNX Runtime's WebGPU where pip installs them
#   bench.sh rules [FOLDER]      every algorithm on some layers, on llvmpipe and SwiftShader, and the figures by which
#                                rules choose fitted to the times: see docs/rules.md
#   bench.sh rules-gpu [FOLDER]  the same on the best GPU, on all layers
#
# FOLDER (default results/DATE) gets the files; BUDGET (default 1s, for the rules 60ms) is the time for a layer's
# samples, TUNE (default 5s) that for its tuning, TURNS (default 3) how often networks and their peers have their turn.
set -eu

out=${2:-results/$(date -u +%Y-%m-%d)}
budget=${BUDGET:-1s}
tune=${TUNE:-5s}
winograd='resnet_3x3|vgg_conv3|superres|batch8'
whole='alexnet_conv1|vgg|resnet|mobilenet_1x1|inception|deeplab|superres|batch8' # of one group
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

# kinds ADAPTER: by the rules alone. Gradients have fewer rounds, for their suite takes long.
kinds() {
	adapter=$1
	by_rules training --suite training --backward --rounds 3 --no-ceilings
	by_rules segment --suite segment --backward --no-ceilings
	by_rules float32 --suite core --no-ceilings
	by_rules float16 --suite core --dtype float16 --no-ceilings
	by_rules gemm --suite core --match "$whole" --algorithm registers --no-ceilings
	by_rules int8 --suite core --match "$whole" --dtype int8 --no-ceilings
	by_rules unshared --suite unshared
	by_rules depthwise --suite depthwise
}

# by_rules KIND FLAGS...: what bench finds on the adapter, into the file of the kind.
by_rules() {
	kind=$1
	shift
	on "$adapter" ./gpuconv bench "$@" --tuned=false --budget "$budget" --output-json "$out/$adapter-$kind.json"
}

# gradients: ours and TensorFlow.js' on SwiftShader.
gradients() {
	if ! command -v npm >/dev/null; then
		echo "gpuconv: no npm on the PATH: TensorFlow.js is left out" >&2
		return
	fi
	mkdir "$work/tfjs"
	cp scripts/peers/tfjs/* scripts/peers/samples.mjs "$work/tfjs"
	(cd "$work/tfjs" && npm install --silent --ignore-scripts)
	grep 'resnet_[13]x' bench/suites/core.txt | on swiftshader node "$work/tfjs/tfjs.mjs" >"$out/swiftshader-tfjs.json"
	on swiftshader ./gpuconv bench --suite core --match 'resnet_[13]x' --backward --tuned=false --no-ceilings \
		--budget "$budget" --output-json "$out/swiftshader-gradients.json"
	on swiftshader ./gpuconv compare "$out/swiftshader-tfjs.json" "$out/swiftshader-gradients.json"
}

# rdna2: what a compiler for AMD's GPUs makes of the loops that GPUs run most, where ../shared has the tool for that.
rdna2() {
	isa=../shared/tools/isa/isa
	if [ ! -x "$isa" ]; then
		echo "gpuconv: no $isa: what a GPU of AMD's would run is left out" >&2
		return
	fi
	: >"$out/rdna2.txt"
	tile=shared/64x64x16_v4
	loop float32 ic64ih28oc64kh3ph1 --algorithm $tile
	loop float16 ic64ih28oc64kh3ph1 --algorithm $tile --dtype float16
	loop int8 ic64ih28oc64kh3ph1 --algorithm $tile --dtype int8
	loop transposed ic64ih14oc64kh4sh2ph1+transposed --algorithm ${tile}_together
	loop dW ic64ih28oc64kh3ph1 --backward --filter-gradient ${tile}_k4 --algorithm direct
	loop depthwise g64ic64ih28oc64kh3ph1 --algorithm depthwise/4x2_f3s1_t64
}

# loop NAME BENCH-ARGUMENTS...: the kernel of a layer whose loop has the most multiply-adds.
loop() {
	name=$1
	shift
	on llvmpipe "$isa" ./gpuconv bench "$@" --no-ceilings --rounds 1 --warmup 0 --budget 1ms --tuned=false \
		2>/dev/null | tr '=%' '  ' |
		awk '/fma_share/ {for (i = 1; i < NF; i++) v[$i] = $(i + 1)
			print v["fma"], v["fma_share"], v["spill"], v["waves"]}' |
		sort -rn | sed -n "1s/^[0-9]* /$name /p" >>"$out/rdna2.txt"
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

models=../shared/data/models

# networks ADAPTER PEER COMMAND...: whole networks and the peer's, in turns. The command takes their files.
networks() {
	adapter=$1
	peer=$2
	shift 2
	on "$adapter" ./gpuconv tune --model "$list" --cache "$work/$adapter.json" --budget "$tune"
	for turn in $(seq "${TURNS:-3}"); do
		on "$adapter" "$@" "$work"/models/*.onnx >"$out/$adapter-$peer-networks$turn.json"
		on "$adapter" ./gpuconv bench --model "$list" --cache "$work/$adapter.json" --budget "$budget" --rounds 1 \
			--no-ceilings --output-json "$out/$adapter-networks$turn.json"
	done
	on "$adapter" ./gpuconv compare "$out/$adapter-$peer-networks"*.json -- "$out/$adapter-networks"*.json
}

# start: how long a process takes to SqueezeNet's first answer, ours and ONNX Runtime's.
start() {
	on swiftshader go run ./scripts/starts "SqueezeNet_fp16 1x3x224x224" \
		"$out/swiftshader-ort-start.json" \
		"node '$work/ort_network.mjs' --first webgpu '$work/models/SqueezeNet_fp16.onnx'" \
		"$out/swiftshader-start.json" \
		"./gpuconv infer $models/SqueezeNet_fp16.onnx --random 1 --tuned=false"
}

# widened_models: SwiftShader has no float16, and pnnx takes no initializers for inputs: peers get the same numbers as
# float32 constants.
widened_models() {
	list=$(echo "$models"/*.onnx | tr ' ' ',')
	mkdir "$work/models"
	for model in "$models"/*.onnx; do
		go run ./scripts/widen "$model" "$work/models/${model##*/}"
	done
}

# all_networks: beside what peers this machine can have.
all_networks() {
	if [ ! -d "$models" ]; then
		echo "gpuconv: no $models: whole networks are left out" >&2
		return
	fi
	widened_models
	if with_python requirements.txt --no-deps; then
		PYTHONPATH="$work/python" networks llvmpipe ncnn python3 scripts/peers/ncnn_network.py
	fi
	if with_ort; then
		networks swiftshader ort node "$work/ort_network.mjs" webgpu
		start
	fi
}

# with_ort: ONNX Runtime and its scripts in the folder for work.
with_ort() {
	if ! command -v npm >/dev/null; then
		echo "gpuconv: no npm on the PATH: ONNX Runtime is left out" >&2
		return 1
	fi
	[ -e "$work/package.json" ] || {
		cp scripts/peers/package.json scripts/peers/*.mjs "$work"
		(cd "$work" && npm install --silent --ignore-scripts)
	}
}

# with_python FILE PIP-OPTIONS...: the packages that a file of scripts/peers names, in the folder for work.
with_python() {
	requirements=scripts/peers/$1
	shift
	if ! python3 -m pip install --quiet --target "$work/python" -r "$requirements" "$@"; then
		echo "gpuconv: no Python with pip that installs $requirements: what is in it is left out" >&2
		return 1
	fi
}

# gpu_peers: layers and networks of a GPU beside them.
gpu_peers() {
	with_python requirements-gpu.txt || return 0
	export PYTHONPATH="$work/python"
	python3 scripts/peers/ort_webgpu.py <bench/suites/core.txt >"$out/gpu-ort.json"
	python3 scripts/peers/ncnn_layers.py <bench/suites/core.txt >"$out/gpu-ncnn.json"
	./gpuconv compare "$out/gpu-ort.json" "$out/gpu.json"
	./gpuconv compare "$out/gpu-ncnn.json" "$out/gpu.json"
	if [ -d "$models" ]; then
		widened_models
		./gpuconv bench --model "$list" --budget "$budget" --no-ceilings --output-json "$out/gpu-networks.json"
		python3 scripts/peers/ort_webgpu.py "$work"/models/*.onnx >"$out/gpu-ort-networks.json"
		./gpuconv compare "$out/gpu-ort-networks.json" "$out/gpu-networks.json"
	fi
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
	if with_ort; then
		on swiftshader node "$work/ort.mjs" webgpu <bench/suites/core.txt >"$out/swiftshader-ort.json"
		on swiftshader ./gpuconv compare "$out/swiftshader-ort.json" "$out/swiftshader.json"
	fi
	if with_python requirements.txt --no-deps; then
		PYTHONPATH="$work/python" on llvmpipe python3 scripts/peers/ncnn_layers.py <bench/suites/core.txt \
			>"$out/llvmpipe-ncnn.json"
		./gpuconv compare "$out/llvmpipe-ncnn.json" "$out/llvmpipe.json"
	fi
	go test -run '^$' -bench Again -benchtime 200x ./host
	kinds llvmpipe
	kinds swiftshader
	gradients
	rdna2
	all_networks
	;;
networks)
	scripts/setup.sh test
	all_networks
	;;
web)
	scripts/setup.sh test
	if ! command -v npm >/dev/null; then
		echo "gpuconv: no npm on the PATH, which ONNX Runtime Web comes from" >&2
		exit 1
	fi
	cp scripts/peers/web/package.json "$work"
	(cd "$work" && npm install --silent --ignore-scripts)
	folder=$(realpath "$out")
	go -C tools run ./webbench -budget "${BUDGET:-500ms}" -turns "${TURNS:-2}" -match "${MATCH:-}" \
		"$work/node_modules/onnxruntime-web/dist" "$folder"
	./gpuconv compare "$out"/browser-ort*.json -- "$out"/browser[0-9]*.json
	;;
gradients)
	scripts/setup.sh test
	gradients
	;;
kinds)
	scripts/setup.sh test
	kinds llvmpipe
	kinds swiftshader
	;;
rdna2)
	scripts/setup.sh test
	rdna2
	;;
gpu)
	measure gpu env
	./gpuconv bench --suite bodies16 --cache "$work/gpu.json" --budget "$budget" --output-json "$out/gpu-b16.json"
	if python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
		python3 scripts/peers/cudnn.py <bench/suites/core.txt >"$out/gpu-cudnn.json"
		./gpuconv compare "$out/gpu-cudnn.json" "$out/gpu.json"
		./gpuconv bench --suite training --backward --tuned=false --no-ceilings --budget "$budget" \
			--output-json "$out/gpu-training.json"
		python3 scripts/peers/cudnn.py --backward <"$out/gpu-training.json" >"$out/gpu-cudnn-training.json"
		./gpuconv compare "$out/gpu-cudnn-training.json" "$out/gpu-training.json"
	else
		echo "gpuconv: no PyTorch with CUDA: cuDNN is left out" >&2
	fi
	gpu_peers
	;;
*)
	echo "bench.sh: ${1-nothing}: must be software, kinds, gradients, rdna2, networks, web, gpu, rules, rules-gpu" >&2
	exit 2
	;;
esac
go run ./scripts/bars "$out"
