//go:build !js

package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/tensor"
)

// network is a fake that counts its layers' operations.
type network struct{ *fake }

func (network) FLOP() int64 { return 3e9 }

// networkResult measures a fake network.
func networkResult(t *testing.T, f *fake, o bench.Options) bench.Result {
	t.Helper()
	about := bench.Result{Network: "tiny 1x3x4x4", Name: "tiny"}
	results, err := bench.Run(context.Background(), []bench.Subject{{About: about,
		Open: func(uint64) (bench.Runner, error) { return network{f}, nil }}}, o)
	if err != nil || len(results) != 1 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	return results[0]
}

// TestNetwork holds that a network's times are those of whole runs by the wall clock, with the GPU's beside them.
func TestNetwork(t *testing.T) {
	f := &fake{gpu: time.Hour, slow: time.Millisecond}
	r := networkResult(t, f, bench.Options{Rounds: 2, Timestamps: true, Ceilings: &bench.Ceilings{GFLOPS: 1e6, GBs: 1},
		EvictCache: func() error { return nil }})
	hour := float64(time.Hour.Milliseconds())
	if r.Error != "" || r.Clock != "wall" || r.Time != r.Wall || r.Time.Median < 1 || r.Time.Median >= hour ||
		r.GPU == nil || r.GPU.Median != hour || len(r.Dispatches) != 2 || r.Cold == nil || r.Cold.Median >= hour {
		t.Fatalf("%+v", r)
	}
	if r.Transfers != nil || f.calls["download"] != 0 {
		t.Errorf("transfers %+v after %d downloads: a run has its own", r.Transfers, f.calls["download"])
	}
	if !r.Verified || r.FLOP != 3e9 || r.GFLOPS <= 0 || r.PercentOfPeak <= 0 || r.ImagesPerSecond <= 0 ||
		r.PercentOfRoofline != 0 || r.FirstRun <= 0 {
		t.Errorf("%+v", r)
	}
	if failed := networkResult(t, &fake{fail: "verify"}, bench.Options{}); failed.Network != "tiny 1x3x4x4" ||
		!strings.Contains(failed.Error, "the check: it broke") || failed.Time != nil {
		t.Errorf("%+v", failed)
	}
}

// TestNetworkReports holds that a network's result goes through all files and tables.
func TestNetworkReports(t *testing.T) {
	r := networkResult(t, &fake{gpu: 7 * time.Millisecond}, bench.Options{Timestamps: true})
	f := file(r)
	f.Settings.Models = []string{"tiny.onnx"}
	var text, csv, table, markdown, page bytes.Buffer
	if err := json.NewEncoder(&text).Encode(f); err != nil {
		t.Fatal(err)
	}
	read, err := bench.Read(&text, "r.json")
	if err != nil || !reflect.DeepEqual(read.Results[0].GPU, r.GPU) || read.Results[0].Network != r.Network {
		t.Errorf("%+v, %v", read, err)
	}
	for _, write := range []error{bench.WriteCSV(&csv, f), bench.WriteTable(&table, f),
		bench.WriteMarkdown(&markdown, f), bench.WriteHTML(&page, f)} {
		if write != nil {
			t.Error(write)
		}
	}
	contains(t, table.String(), "GPU", "tiny", "7 ms", "right, 25%", "whole runs with their transfers")
	contains(t, markdown.String(), "| GPU |", "| tiny |")
	contains(t, page.String(), "tiny 1x3x4x4", "of all dispatches")
	back, err := bench.Read(&csv, "r.csv")
	if err != nil || back.Results[0].GPU.Median != 7 || back.Results[0].FLOP != r.FLOP {
		t.Errorf("%+v, %v", back, err)
	}
}

const peerNetworks = `{"peer": "ncnn vulkan", "results": [
	{"network": "tiny 1x3x4x4", "name": "tiny", "first_ms": 9, "median_ms": 4, "samples_ms": [4, 4, 4]},
	{"network": "tiny 2x3x4x4", "name": "tiny", "median_ms": 1},
	{"network": "candy 1x3x720x720", "name": "candy", "error": "pnnx: ImageScaler is not known"}]}`

// TestPeerNetworks holds that networks are compared by their names and shapes, and that what a peer cannot run is
// said.
func TestPeerNetworks(t *testing.T) {
	peer, err := bench.Read(strings.NewReader(peerNetworks), "ncnn.json")
	if err != nil {
		t.Fatal(err)
	}
	ours := networkResult(t, &fake{}, bench.Options{})
	ours.Time = times(2)
	ours.Wall = ours.Time
	c := compare(peer, file(ours, result("ic1ih4oc1kh1", "a layer", 1)))
	if len(c.Rows) != 1 || c.Rows[0].Value != 2 || c.Rows[0].Network != "tiny 1x3x4x4" ||
		c.Rows[0].Clock != bench.ClockWhole {
		t.Errorf("%+v", c.Rows)
	}
	if len(c.OnlyA) != 1 || len(c.OnlyB) != 1 || len(c.Failed) != 1 ||
		c.Failed[0] != "candy in old: pnnx: ImageScaler is not known" {
		t.Errorf("only %v, only %v, failed %v", c.OnlyA, c.OnlyB, c.Failed)
	}
}

func TestNetworkID(t *testing.T) {
	inputs := map[string]tensor.Array{"b": {Shape: []int{2, 5}}, "a": {Shape: []int{1, 3, 224, 224}}, "c": {}}
	if got := bench.NetworkID("../models/squeeze.net.onnx", inputs); got != "squeeze.net 1x3x224x224,2x5,scalar" {
		t.Errorf("%q", got)
	}
}
