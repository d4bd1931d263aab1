package train_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/train"
)

func TestTry(t *testing.T) {
	for _, checked := range []bool{true, false} {
		net, err := train.New(hosttest.Open(t), train.Options{
			Input: train.Shape{28, 28, 1},
			Layers: []train.Layer{train.Conv{Filters: 8, Size: 5, ReLU: true}, train.MaxPool{Size: 2},
				train.Conv{Filters: 16, Size: 5, ReLU: true}, train.MaxPool{Size: 2}, train.Linear{Outputs: 10}},
			Batch: 64, Update: train.SGD{0.05, 0.9}, Checked: checked})
		if err != nil {
			t.Fatal(err)
		}
		defer net.Close()
		for _, a := range net.Algorithms() {
			t.Log(a)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		x := make([]float32, 64*784)
		l := make([]int, 64)
		begin := time.Now()
		for i := range 20 {
			for k := range l {
				l[k] = rng.IntN(10)
				for j := range 784 {
					x[k*784+j] = rng.Float32() * float32(l[k]) / 10
				}
			}
			loss, err := net.Step(context.Background(), x, l)
			if err != nil {
				t.Fatal(err)
			}
			if i == 19 {
				t.Log(i, loss, time.Since(begin))
				net.Profile()
			}
		}
	}
}
