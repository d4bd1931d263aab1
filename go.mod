module github.com/gpuconv/gpuconv

go 1.24.0

require (
	github.com/cogentcore/webgpu v0.23.0
	github.com/gofrs/flock v0.12.1
	github.com/schollz/progressbar/v3 v3.18.0
	github.com/spf13/cobra v1.10.2
	golang.org/x/image v0.32.0
	golang.org/x/term v0.28.0
	gonum.org/v1/gonum v0.17.0
	google.golang.org/protobuf v1.36.6
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
	golang.org/x/sys v0.29.0 // indirect
)
