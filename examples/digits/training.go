package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/train"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// judge trains a few steps of the same network while each is held against the same training in float64.
func (o options) judge(ctx context.Context, to io.Writer, dev *host.Device, training set) error {
	if o.check == 0 {
		return nil
	}
	order := training.shuffled(o.seed, 0)
	if o.check < 0 || o.check > len(order)/o.batch {
		return fmt.Errorf("-check %d, must be from 0 to %d", o.check, len(order)/o.batch)
	}
	how := o.network()
	how.Checked = true
	net, err := train.New(dev, how)
	if err != nil {
		return err
	}
	defer net.Close()
	for i := range o.check {
		x, labels := training.batch(order[i*o.batch:][:o.batch])
		if _, err := net.Step(ctx, x, labels); err != nil {
			return err
		}
	}
	v := net.Verdict()
	fmt.Fprintf(to,
		"checked   %d steps, each alone: all losses, gradients and weights hold, %.0f%% of the bound used\n"+
			"          the first %d from the first weights on, %.2g%% of the bounds' sum used\n", v.Steps, 100*v.Used,
		v.Summed,
		100*v.SummedUsed)
	return nil
}

// way is how training went.
type way struct {
	losses []float64 // of each step
	right  []float64 // the share of test pictures that were read right after each epoch
}

// train goes through all pictures several times, with a rate that falls to 0 along half a cosine wave.
func (o options) train(
	ctx context.Context, to io.Writer, dev *host.Device, net *train.Network, training, testing set,
) (way way, err error) {
	steps, begin := len(training.pictures)/o.batch, time.Now()
	for epoch := range o.epochs {
		bar := newBar(fmt.Sprintf("epoch %d of %d", epoch+1, o.epochs), steps)
		order := training.shuffled(o.seed, epoch)
		for i := range steps {
			along := float64(epoch*steps+i) / float64(o.epochs*steps)
			if err := net.SetRate(o.startRate() * (1 + math.Cos(math.Pi*along)) / 2); err != nil {
				return way, err
			}
			x, labels := training.batch(order[i*o.batch:][:o.batch])
			loss, err := net.Step(ctx, x, labels)
			if err != nil {
				return way, err
			}
			way.losses = append(way.losses, loss)
			bar.Add(1)
		}
		right, err := score(ctx, dev, net, testing)
		if err != nil {
			return way, err
		}
		way.right = append(way.right, right)
		fmt.Fprintf(to, "epoch %d   mean loss %.4f, %.2f%% of %d test pictures right, after %v\n", epoch+1,
			mean(way.losses[len(way.losses)-steps:]), 100*right, len(testing.pictures),
			time.Since(begin).Round(time.Second))
	}
	return way, nil
}

func mean(all []float64) (m float64) {
	for _, x := range all {
		m += x / float64(len(all))
	}
	return m
}

// newBar shows progress on a terminal; elsewhere it is silent.
func newBar(what string, steps int) *progressbar.ProgressBar {
	out := io.Discard
	if term.IsTerminal(int(os.Stderr.Fd())) {
		out = os.Stderr
	}
	return progressbar.NewOptions(steps, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(), progressbar.OptionSetWidth(20),
		progressbar.OptionThrottle(100*time.Millisecond))
}

// score writes the network as it is now, loads it as any other one, and gives the share of pictures that it reads
// right.
func score(ctx context.Context, dev *host.Device, net *train.Network, s set) (right float64, err error) {
	trained, err := net.Model(ctx, train.ModelOptions{})
	if err != nil {
		return 0, err
	}
	reader, err := model.New(dev, trained, model.Options{})
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	const batch = 500
	for first := 0; first < len(s.pictures); first += batch {
		var numbers []int
		for i := first; i < min(first+batch, len(s.pictures)); i++ {
			numbers = append(numbers, i)
		}
		x, labels := s.batch(numbers)
		out, err := reader.Run(ctx, map[string]tensor.Array{
			"picture": {Shape: []int{len(labels), 1, size, size}, Data: x}})
		if err != nil {
			return 0, err
		}
		for i, label := range labels {
			if best(out["scores"].Data[10*i:][:10]) == label {
				right += 1 / float64(len(s.pictures))
			}
		}
	}
	return right, nil
}

// best is the index of the largest score.
func best(scores []float32) (at int) {
	for i, s := range scores {
		if s > scores[at] {
			at = i
		}
	}
	return at
}

// finish writes the trained network, for pictures of bytes, and where that is asked for says what its weights are.
func (o options) finish(ctx context.Context, to io.Writer, net *train.Network) error {
	trained, err := net.Model(ctx, train.ModelOptions{Name: "digits", Scale: 1. / 255, Softmax: true})
	if err != nil {
		return err
	}
	data, err := trained.Marshal()
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.model, data, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(to, "network   %s, %d bytes\n", o.model, len(data))
	if o.deterministic {
		fmt.Fprintf(to, "sha256    %x\n", sha256.Sum256(data))
	}
	return nil
}
