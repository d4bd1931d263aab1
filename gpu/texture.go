package gpu

import "fmt"

// Texture is memory that kernels read as texels of four float32 numbers: number i is in texel i/4, and texel t at
// (t % [TextureWidth], t / [TextureWidth]). Batches copy buffers into it. Some devices read it faster than a buffer:
// llvmpipe takes a texel for each of its eight threads at once, where it loads the numbers of a buffer one by one.
type Texture struct {
	dev   *Device
	label string
	size  uint64
	drv   driverTexture // nil once closed; guarded by dev.mu
}

// TextureWidth is how many texels of four numbers a texture has in a row.
const TextureWidth = 1024

const (
	texelBytes = 16
	textureRow = TextureWidth * texelBytes
)

// NewTexture makes a texture of at least size bytes, a positive multiple of 16. The label names it in errors. The
// error wraps [ErrOutOfMemory], or [ErrLimit] where no texture may be so large, or the device has none for kernels to
// read, which Limits.MaxTexture tells.
func (d *Device) NewTexture(label string, size uint64) (*Texture, error) {
	t := &Texture{dev: d, label: label, size: size}
	err := d.do(fmt.Sprintf("making texture %q of %d bytes", label, size), func(drv driver) error {
		if err := d.checkTexture(size); err != nil {
			return err
		}
		made, err := drv.createTexture(label, uint32((size+textureRow-1)/textureRow))
		if err == nil {
			t.drv = made
			d.textures[t] = struct{}{}
			d.stats.Textures++
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (d *Device) checkTexture(size uint64) error {
	switch most := d.info.Limits.MaxTexture; {
	case size == 0 || size%texelBytes != 0:
		return fmt.Errorf("%w: %d bytes, must be a positive multiple of %d", ErrMisuse, size, texelBytes)
	case most == 0:
		return fmt.Errorf("%w: kernels read no textures on this adapter", ErrLimit)
	case size > most:
		return fmt.Errorf("%w: a texture holds at most %d bytes", ErrLimit, most)
	}
	return nil
}

// Size is the texture's size in bytes.
func (t *Texture) Size() uint64 {
	if t == nil {
		return 0
	}
	return t.size
}

// Close frees the texture once work that uses it is done.
func (t *Texture) Close() error {
	if t == nil || t.dev == nil {
		return nil
	}
	t.dev.mu.Lock()
	defer t.dev.mu.Unlock()
	if t.drv != nil {
		delete(t.dev.textures, t)
		t.drop()
	}
	return nil
}

// drop releases; the device's lock is held.
func (t *Texture) drop() {
	t.dev.closings++
	t.drv.release()
	t.drv = nil
}

// check reports what is wrong with using size bytes of t; the device's lock is held.
func (t *Texture) check(d *Device, size uint64) error {
	switch {
	case t == nil || t.dev == nil:
		return fmt.Errorf("%w: no texture, or one that NewTexture did not make", ErrMisuse)
	case t.dev != d:
		return fmt.Errorf("%w: texture %q is another device's", ErrMisuse, t.label)
	case t.drv == nil:
		return fmt.Errorf("texture %q %w", t.label, ErrClosed)
	case size > t.size:
		return fmt.Errorf("%w: %d bytes of texture %q, which has %d", ErrMisuse, size, t.label, t.size)
	}
	return nil
}
