// Starts times how long two commands take from their start to the first byte that they print, in turn, and writes the
// times as files that `gpuconv compare` and scripts/bars read:
//
//	go run ./scripts/starts [-rounds N] NETWORK OUT.json 'COMMAND' OUT.json 'COMMAND'
//
// A command is a line for sh, and its standard error is shown where it fails. NETWORK is what the results are called.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/internal/files"
)

// peer is what bench reads of another program's times: see package bench.
type peer struct {
	Peer    string  `json:"peer"`
	Results []times `json:"results"`
}

type times struct {
	Network string    `json:"network"`
	Name    string    `json:"name"`
	Median  float64   `json:"median_ms"`
	Samples []float64 `json:"samples_ms"`
}

func main() {
	rounds := flag.Int("rounds", 5, "how often each command is started")
	flag.Parse()
	if flag.NArg() != 5 || *rounds < 1 {
		fmt.Fprintln(os.Stderr, "starts: usage: go run ./scripts/starts [-rounds N] NETWORK OUT COMMAND OUT COMMAND")
		os.Exit(2)
	}
	if err := run(*rounds, flag.Arg(0), flag.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "starts:", err)
		os.Exit(1)
	}
}

func run(rounds int, network string, args []string) error {
	var samples [2][]float64
	for range rounds {
		for i := range samples {
			took, err := start(args[2*i+1])
			if err != nil {
				return fmt.Errorf("%s: %w", args[2*i+1], err)
			}
			samples[i] = append(samples[i], float64(took)/1e6)
		}
	}
	for i, s := range samples {
		t := times{Network: network, Name: network, Median: slices.Sorted(slices.Values(s))[len(s)/2], Samples: s}
		fmt.Fprintf(os.Stderr, "%9.0f ms to the first answer of %s\n", t.Median, args[2*i+1])
		err := files.Write(args[2*i], func(w io.Writer) error {
			return json.NewEncoder(w).Encode(peer{args[2*i+1], []times{t}})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// start gives the time from a command's start to the first byte that it prints, and lets it end.
func start(command string) (time.Duration, error) {
	c := exec.Command("sh", "-c", command)
	var wrong bytes.Buffer
	c.Stderr = &wrong
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := c.Start(); err != nil {
		return 0, err
	}
	printed := bufio.NewReader(out)
	_, first := printed.ReadByte()
	took := time.Since(begun)
	_, err = io.Copy(io.Discard, printed)
	if ended := c.Wait(); ended != nil {
		return 0, fmt.Errorf("%w: %s", ended, wrong.String())
	}
	if first != nil {
		return 0, fmt.Errorf("it printed nothing: %w", first)
	}
	return took, err
}
