# make run   the example of the CS231n notes on the best adapter of this machine
# make test  all tests, on llvmpipe and SwiftShader, and all checks of the code
# make digits trains the network that the repository ships
# make bench the comparison suite on both, beside ONNX Runtime; make bench-gpu on a GPU, beside cuDNN
# make rules every algorithm on some layers, and the figures by which rules choose fitted to that
.PHONY: run digits build tools test check unit llvmpipe llvmpipe-digits swiftshader race web test-web \
	test-web-short fuzz mutants golden translate windows test-windows smoke release test-release \
	test-install bench bench-gpu rules rules-gpu bench-web llvmpipe-gomlx test-gomlx

GO ?= go
DEVICE_TESTS = ./gpu/... ./internal/exec ./internal/ceiling ./internal/op ./internal/conformance ./host/... ./model \
	./train ./cmd/... ./examples/...
# The command is native; the page is web's.
BROWSER = $$(GOOS=js GOARCH=wasm $(GO) list ./... | grep -v /cmd/)

run: build
	@scripts/setup.sh run
	@./gpuconv run

# Trains the network that the repository ships, on the best adapter of this machine: four minutes on two cores.
digits: build
	@scripts/setup.sh run
	$(GO) -C examples/digits run . -deterministic

build: tools
	@$(GO) build -o gpuconv ./cmd/gpuconv

tools:
	@command -v $(GO) >/dev/null || { echo "gpuconv: needs Go on the PATH: https://go.dev/dl"; exit 1; }
	@command -v gcc >/dev/null || command -v cc >/dev/null || command -v clang >/dev/null || \
		{ echo "gpuconv: needs a C compiler on the PATH, such as gcc"; exit 1; }

test: tools check unit llvmpipe llvmpipe-digits llvmpipe-gomlx swiftshader test-web-short race

check:
	@scripts/setup.sh test
	@test -z "$$(gofmt -l .)" || { echo "not formatted, run gofmt -w on:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=tools/go.mod staticcheck ./...
	$(GO) tool -modfile=tools/go.mod actionlint .github/workflows/*.yml
	GOOS=js GOARCH=wasm $(GO) build $(BROWSER)
	GOOS=js GOARCH=wasm $(GO) vet $(BROWSER)
	$(GO) -C tools vet ./...
	$(GO) -C examples/digits vet .
	$(GO) -C integrations/gomlx vet .
	$(GO) mod verify

# On the machine's own adapter, whatever that is: what a machine that was never seen before runs first.
smoke: build
	./gpuconv doctor
	./gpuconv run
	./gpuconv verify --count 100
	scripts/test.sh default -short -run 'CS231n|TestSuite|TestErrors|TestProgram|TestLayer|TestRunAgain' ./host

# What needs no adapter. The golden files of the shaders are checked here.
unit:
	$(GO) test -count=1 ./conv ./tensor ./onnx ./transform ./cpuref ./cpuref/operators ./cpuref/training ./shaders \
		./internal/algo ./internal/split ./internal/turn ./internal/files ./tuning ./bench ./internal/docs \
		./scripts/rules ./scripts/proxy ./scripts/translate ./scripts/widen ./web

# Software adapters compile on one core, so host is tested in halves. SwiftShader is ten times slower: its tests are
# the short ones.
COMPILED = Matters|EveryVariantRuns|Placement
swiftshader-short = -short

llvmpipe swiftshader:
	$(MAKE) -j2 -Otarget $@-compiled $@-rest

%-compiled:
	scripts/test.sh $* $($*-short) -run '$(COMPILED)' ./host

%-rest:
	scripts/test.sh $* $($*-short) -skip '$(COMPILED)' $(DEVICE_TESTS)

# An example that is a module of its own.
llvmpipe-digits:
	cd examples/digits && ../../scripts/test.sh llvmpipe .

# The backend of GoMLX, which is another one.
llvmpipe-gomlx:
	cd integrations/gomlx && ../../scripts/test.sh llvmpipe .

# What runs kernel after kernel, and bounds, tell nothing of races, and take longest; the detector's own memory grows
# with runs.
ONE_BY_ONE = Matters|EveryVariantRuns|TransformBound|ManyRuns|Algorithms|Gradients|Placement|Splits|Strips|RunAgain

race:
	scripts/test.sh llvmpipe -short -race -skip '$(ONE_BY_ONE)' ./gpu ./host ./cpuref

# The page: a folder for any host of static files; gpuconv web serves it on localhost.
web: tools
	@mkdir -p out/web
	GOOS=js GOARCH=wasm $(GO) build -trimpath -ldflags='-s -w' -o out/web/main.wasm ./web
	@cp web/static/* examples/digits/digits.onnx "$$($(GO) env GOROOT)/lib/wasm/wasm_exec.js" out/web/
	@gzip -9 -n -k -f out/web/main.wasm
	@ls -l out/web/main.wasm.gz | awk '{printf "out/web/main.wasm is %.2f MB gzipped\n", $$5 / 1e6}'

# The driver and layers in Chromium on SwiftShader, whose compiler takes longest of all, and the shaders' text.
WEB_TEST = GOOS=js GOARCH=wasm $(GO) test -count=1 -exec $(CURDIR)/out/wasmexec -timeout 30m -short

out/wasmexec: $(wildcard tools/browser/* tools/wasmexec/*) tools/go.mod
	$(GO) -C tools build -o ../out/wasmexec ./wasmexec

test-web-short: tools out/wasmexec web
	@scripts/setup.sh test
	$(WEB_TEST) -run '^Test' ./gpu
	$(WEB_TEST) -run 'TestProgram|TestShapes|TestErrors' ./host
	$(GO) -C tools test -count=1 ./webtest

test-web: test-web-short
	$(WEB_TEST) -run 'Padding|Groups|Epilogues|TestBackward|TestRunAgain|TestUnshared|Separable|TestFuse' ./host

# gpuconv.exe, built here by mingw-w64; and the same with tests of it under Wine: not part of make test.
WINDOWS = GOOS=windows GOARCH=amd64 CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc

windows: tools
	@scripts/setup.sh windows
	$(WINDOWS) $(GO) build -o out/windows/gpuconv.exe ./cmd/gpuconv

test-windows: windows
	@scripts/setup.sh wine
	$(WINDOWS) GO=$(GO) scripts/windows/test.sh

# The backend of GoMLX on SwiftShader too, and GoMLX's own tests: not part of make test, for they take minutes.
test-gomlx: llvmpipe-gomlx
	@scripts/setup.sh test
	cd integrations/gomlx && ../../scripts/test.sh swiftshader .
	integrations/gomlx/suite.sh llvmpipe
	GOMLX_BACKEND=gpuconv:float64 integrations/gomlx/suite.sh llvmpipe
	integrations/gomlx/suite.sh swiftshader

# What people install: archives with checksums and a list of what is linked in, below out/release.
release: build
	@scripts/setup.sh run
	@scripts/setup.sh windows
	GO=$(GO) scripts/release.sh

# The release for Linux, built twice and installed: not part of make test.
test-release: build
	@scripts/setup.sh run
	GO=$(GO) scripts/test_release.sh

# What people type: go install of the last commit, from an empty module cache.
test-install: tools
	GO=$(GO) scripts/test_install.sh

# Each fuzz target for a while: not part of make test.
FUZZTIME ?= 1m

fuzz:
	$(GO) test -fuzz FuzzParse -fuzztime $(FUZZTIME) ./conv
	$(GO) test -fuzz FuzzReadNPY -fuzztime $(FUZZTIME) ./tensor
	$(GO) test -fuzz FuzzDecodeImage -fuzztime $(FUZZTIME) ./tensor
	$(GO) test -fuzz FuzzOrientation -fuzztime $(FUZZTIME) ./tensor
	$(GO) test -fuzz FuzzRead -fuzztime $(FUZZTIME) ./onnx
	$(GO) test -fuzz FuzzRead -fuzztime $(FUZZTIME) ./bench
	$(GO) test -fuzz FuzzTunings -fuzztime $(FUZZTIME) ./tuning

# Every line and every token of every shader: not part of make test, which tries a part of them.
mutants:
	scripts/test.sh llvmpipe -timeout 60m -run Matters ./host -all-mutants

# Writes the golden files anew, after a shader was changed on purpose.
golden:
	$(GO) test ./shaders -update

# Every shader in the languages of Metal, DX12, OpenGL ES and Vulkan: not part of make test, for it needs Rust.
translate:
	@scripts/setup.sh translate
	$(GO) run ./scripts/translate out/naga/0.19.0/bin/naga out/naga/22.0.0/bin/naga

bench: build
	scripts/bench.sh software

bench-web: build web
	scripts/bench.sh web

bench-gpu: build
	scripts/bench.sh gpu

rules: build
	scripts/bench.sh rules

rules-gpu: build
	scripts/bench.sh rules-gpu
