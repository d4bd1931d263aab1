package host

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
)

// Resident is words that stay on a device: what one program gave and others take, as often as they like, without a
// read-back between. Close frees them.
type Resident struct {
	dev    *Device
	buffer *gpu.Buffer
	words  int
}

// Feed is an input of a program: words of the host, or those that are on the device where Resident is not nil.
type Feed struct {
	Words    []uint32
	Resident *Resident
}

// RunResident is [Program.RunWords] of inputs that may be on the device already, and of outputs that stay there, which
// are the caller's to close. It waits until the run is over, or ctx ends.
func (p *Program) RunResident(ctx context.Context, inputs ...Feed) (outputs []*Resident, err error) {
	err = p.use(ctx, "running", func(s *exec.Session) error {
		written, from, err := p.feeds(inputs)
		if err != nil {
			return err
		}
		to := map[int]*gpu.Buffer{}
		for _, port := range p.outputs {
			r, err := p.dev.resident(int(port.shape.numbers()))
			if err != nil {
				return err
			}
			outputs, to[port.operand] = append(outputs, r), r.buffer
		}
		return s.ProcessHere(ctx, written, from, to)
	})
	if err != nil {
		for _, r := range outputs {
			r.Close()
		}
		return nil, err
	}
	return outputs, nil
}

// feeds holds inputs against the program, and gives what is to be written and copied of them, by operand.
func (p *Program) feeds(inputs []Feed) (written map[int][]uint32, from map[int]*gpu.Buffer, err error) {
	written, from = map[int][]uint32{}, map[int]*gpu.Buffer{}
	if len(inputs) != len(p.inputs) {
		return nil, nil, fmt.Errorf("%w: %d inputs, the program takes %d", cpuref.ErrShape, len(inputs), len(p.inputs))
	}
	for i, f := range inputs {
		port, count := p.inputs[i], len(f.Words)
		if f.Resident != nil {
			if f.Resident.dev != p.dev {
				return nil, nil, fmt.Errorf("%w: input %d is on another device", gpu.ErrMisuse, i)
			}
			count = f.Resident.words
		}
		switch {
		case int64(count) != port.shape.numbers():
			return nil, nil, fmt.Errorf("%w: input %d has %d numbers, must have the %d of %s", cpuref.ErrShape, i,
				count, port.shape.numbers(), port.shape)
		case port.operand < 0: // that no node reads
		case f.Resident != nil:
			from[port.operand] = f.Resident.buffer
		default:
			written[port.operand] = f.Words
		}
	}
	return written, from, nil
}

// resident makes room for words.
func (d *Device) resident(words int) (*Resident, error) {
	b, err := d.gpu.NewBuffer("resident words", 4*uint64(words), gpu.Storage)
	if err != nil {
		return nil, err
	}
	return &Resident{d, b, words}, nil
}

// Read takes the words back, and waits until ctx ends at most.
func (r *Resident) Read(ctx context.Context) ([]uint32, error) {
	if r == nil || r.buffer == nil {
		return nil, fmt.Errorf("reading words of a device: %w: use those of Program.RunResident", gpu.ErrMisuse)
	}
	words := make([]uint32, r.words)
	return words, r.buffer.Read(ctx, 0, gpu.Bytes(words))
}

// Close frees the words on the device. Closing twice is fine.
func (r *Resident) Close() error {
	if r == nil {
		return nil
	}
	return r.buffer.Close()
}
