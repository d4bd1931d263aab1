// Webbench measures a suite in Chromium on SwiftShader: the page's program, and beside it ONNX Runtime Web's WebGPU
// provider in the same browser, layer by layer in turns. Each writes a file that `gpuconv compare` reads. It runs in
// the folder tools:
//
//	go run ./webbench [flags] ONNXRUNTIME-WEB-FOLDER OUT-FOLDER
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/tools/browser"
)

// page is what make web builds.
const page = "../out/web"

//go:embed peer.html
var peer []byte

// options are the command's.
type options struct {
	suite  string
	match  *regexp.Regexp
	turns  int
	budget time.Duration // for the samples of a layer in each turn
	limit  time.Duration // for a layer in each turn, with building and compiling
}

func main() {
	var o options
	var match string
	flag.StringVar(&o.suite, "suite", "core", "a suite of gpuconv bench")
	flag.StringVar(&match, "match", "", "only layers whose name matches this expression")
	flag.IntVar(&o.turns, "turns", 2, "how often each layer is measured by both")
	flag.DurationVar(&o.budget, "budget", 500*time.Millisecond, "time for a layer's samples in each turn")
	flag.DurationVar(&o.limit, "limit", 3*time.Minute, "time for a layer in each turn, after which it is left out")
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("webbench: usage: go run ./webbench [flags] ONNXRUNTIME-WEB-FOLDER OUT-FOLDER")
	}
	var err error
	if o.match, err = regexp.Compile(match); err != nil {
		log.Fatal("webbench: -match: ", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, flag.Arg(0), flag.Arg(1)); err != nil {
		log.Fatal("webbench: ", err)
	}
}

func run(ctx context.Context, o options, ort, out string) error {
	layers, err := bench.LoadSuite(o.suite)
	if err != nil {
		return err
	}
	layers = slices.DeleteFunc(layers, func(l bench.Layer) bool { return !o.match.MatchString(l.Problem.Name) })
	if len(layers) == 0 || o.turns < 1 {
		return fmt.Errorf("%d layers of %s match, %d turns, must be 1 or more of each", len(layers), o.suite, o.turns)
	}
	if _, err := os.Stat(filepath.Join(ort, "ort.webgpu.bundle.min.mjs")); err != nil {
		return fmt.Errorf("%w: the first folder must be dist of the package onnxruntime-web", err)
	}
	files := http.NewServeMux()
	files.Handle("/ort/", http.StripPrefix("/ort/", http.FileServer(http.Dir(ort))))
	files.HandleFunc("/peer.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write(peer)
	})
	files.Handle("/", http.FileServer(http.Dir(page)))
	url, stop, err := browser.Serve(files)
	if err != nil {
		return err
	}
	defer stop()
	ours, theirs := &side{url: url, ready: "ready"}, &side{url: url + "/peer.html", ready: "ready"}
	defer ours.close()
	defer theirs.close()
	found := results{}
	for _, l := range layers {
		for turn := range o.turns {
			if err := found.both(ctx, o, l, turn, ours, theirs); err != nil {
				return err
			}
		}
	}
	return found.write(out)
}

// side is a page in a browser of its own, which is opened anew where a layer took too long.
type side struct {
	url, ready string
	page       context.Context
	stop       func()
}

func (s *side) close() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// evaluate gives a promise's value on the page, within a time.
func (s *side) evaluate(ctx context.Context, limit time.Duration, expression string, to any) error {
	if s.stop == nil {
		var err error
		if s.page, s.stop, err = browser.Start(ctx, browser.Options{}); err != nil {
			s.stop = nil
			return err
		}
		if err := chromedp.Do(s.page, chromedp.Navigate(s.url)); err != nil {
			return err
		}
		wait := `new Promise((done) => { const look = () => document.body?.dataset.ready ? done(true) :
			setTimeout(look, 50); look(); })`
		if _, err := chromedp.Run(s.page, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise)); err != nil {
			return err
		}
	}
	limited, cancel := context.WithTimeout(s.page, limit)
	defer cancel()
	text, err := chromedp.Run(limited, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		s.close()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return fmt.Errorf("not within %v", limit)
		}
		return err
	}
	return json.Unmarshal([]byte(text), to)
}
