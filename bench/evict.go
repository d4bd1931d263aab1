package bench

import "context"
import "github.com/gpuconv/gpuconv/gpu"

// evicted is how much is written to push all else out of caches: more than the largest of today's hold.
const evicted = 256 << 20

// EvictCache has the GPU write and read more than caches hold.
func (d *Device) EvictCache() error {
	if err := d.prepareEviction(); err != nil {
		return err
	}
	b := d.dev.GPU().NewBatch()
	b.Copy(d.to, 0, d.from, 0, d.to.Size())
	return b.Run(context.Background())
}

func (d *Device) prepareEviction() (err error) {
	g := d.dev.GPU()
	size := min(evicted, g.Limits().MaxBufferSize) &^ 3
	if g.Info().Type == gpu.Software {
		size = min(size, evicted/4)
	}
	for _, b := range []**gpu.Buffer{&d.from, &d.to} {
		if *b != nil {
			continue
		}
		if *b, err = g.NewBuffer("what pushes all else out of caches", size, gpu.Storage); err != nil {
			return err
		}
	}
	return nil
}

// Close frees what EvictCache holds.
func (d *Device) Close() error {
	d.from.Close()
	d.to.Close()
	d.from, d.to = nil, nil
	return nil
}
