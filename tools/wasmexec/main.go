// Wasmexec runs a Go program that was built for GOOS=js in Chromium without a window, with WebGPU on SwiftShader. It
// is for go test's flag -exec:
//
//	GOOS=js GOARCH=wasm go test -exec out/wasmexec ./gpu
//
// The program gets its arguments and the variables of the environment whose names begin with GPUCONV_. It has no files
// and no processes.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/gpuconv/gpuconv/tools/browser"
)

//go:embed index.html worker.js
var files embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasmexec:", err)
		code = 2
	}
	os.Exit(code)
}

// run runs the program args[0] and gives its exit code.
func run(ctx context.Context, args []string) (code int, err error) {
	if len(args) == 0 {
		return 0, errors.New("usage: wasmexec PROGRAM [ARGUMENT...]")
	}
	handler, err := serve(args)
	if err != nil {
		return 0, err
	}
	url, stopServing, err := browser.Serve(handler)
	if err != nil {
		return 0, err
	}
	defer stopServing()
	page, stop, err := browser.Start(ctx, browser.Options{})
	if err != nil {
		return 0, err
	}
	defer stop()
	reports := chromedp.Events(page, runtime.BindingCalled)
	if _, err := chromedp.Call(page, runtime.AddBinding, runtime.AddBindingParams{Name: "report"}); err != nil {
		return 0, err
	}
	if err := chromedp.Do(page, chromedp.Navigate(url)); err != nil {
		return 0, err
	}
	for report, err := range reports {
		if err != nil {
			return 0, err
		}
		if code, ended, err := told(report.Payload); ended || err != nil {
			return code, err
		}
	}
	return 0, errors.New("the browser ended before the program")
}

// told prints what the program printed, and gives its exit code once it has one.
func told(payload string) (code int, ended bool, err error) {
	var message struct {
		Text string
		Exit *int
	}
	if err := json.Unmarshal([]byte(payload), &message); err != nil {
		return 0, false, err
	}
	fmt.Print(message.Text)
	if message.Exit == nil {
		return 0, false, nil
	}
	return *message.Exit, true, nil
}

// serve gives the page, Go's loader, the program and what it is started with.
func serve(args []string) (http.Handler, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("asking go where it lives: %w", err)
	}
	loader := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")
	env := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "GPUCONV_") {
			env[name] = value
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files))
	mux.HandleFunc("/wasm_exec.js", file(loader))
	mux.HandleFunc("/test.wasm", file(args[0]))
	mux.HandleFunc("/start.json", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"argv": args, "env": env})
	})
	return mux, nil
}

func file(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".wasm") { // go test's name for it has another end
			w.Header().Set("Content-Type", "application/wasm")
		}
		http.ServeFile(w, r, path)
	}
}
