// Package browser starts Chromium without a window, with WebGPU on SwiftShader or without WebGPU, and serves it
// files on localhost, which browsers take for secure as WebGPU wants it.
package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"
)

// Programs are where Chromium is looked for; GPUCONV_CHROMIUM names another one.
var programs = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// find gives the path of Chromium.
func find() (string, error) {
	if named := os.Getenv("GPUCONV_CHROMIUM"); named != "" {
		return exec.LookPath(named)
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no browser: none of %v is on the PATH, and GPUCONV_CHROMIUM names none", programs)
}

// Options say how Chromium starts.
type Options struct {
	WithoutWebGPU bool
	Log           io.Writer // what Chromium's drawing complains of; nil for nowhere
}

// Start starts Chromium. Its context is chromedp's, with one page, until stop is called or ctx ends.
func Start(ctx context.Context, o Options) (page context.Context, stop func(), err error) {
	path, err := find()
	if err != nil {
		return nil, nil, err
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-gpu-watchdog", true), // a compiler may take long on a machine that is busy
		chromedp.WSURLReadTimeout(time.Minute),
	)
	if o.WithoutWebGPU {
		flags = append(flags, chromedp.Flag("disable-features", "WebGPU,WebGPUService"),
			chromedp.Flag("disable-blink-features", "WebGPU"))
	} else {
		flags = append(flags, chromedp.Flag("enable-unsafe-webgpu", true),
			chromedp.Flag("use-webgpu-adapter", "swiftshader"), chromedp.Flag("enable-features", "Vulkan"))
	}
	if o.Log != nil {
		flags = append(flags, chromedp.CombinedOutput(o.Log))
	}
	allocator, end := chromedp.NewExecAllocator(ctx, flags...)
	page, closePage := chromedp.NewContext(allocator)
	stop = func() { closePage(); end() }
	if err := chromedp.Do(page); err != nil {
		stop()
		return nil, nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return page, stop, nil
}

// Serve serves h on a free port of localhost and gives its address, until stop is called.
func Serve(h http.Handler) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	stop = func() {
		server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "browser:", err)
		}
	}
	return fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port), stop, nil
}
