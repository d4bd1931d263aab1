package exec

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
)

// place is where an operand's numbers are.
type place struct {
	buffer *gpu.Buffer
	offset uint64 // of the numbers
	guard  uint64 // bytes of guard words on each side, 0 for none
	digest uint64 // of a constant's words
}

// seed is that of all digests of this process.
var seed = maphash.MakeSeed()

func digest(words []uint32) uint64 { return maphash.Bytes(seed, gpu.Bytes(words)) }

// fits reports an operand that no binding holds.
func fits(o Operand, l gpu.Limits) error {
	if most := l.MaxStorageBinding; o.Bytes()+GuardBytes(l) > most {
		return fmt.Errorf(
			"%w: %s takes %d bytes, one binding of this adapter holds %d",
			ErrTooLarge,
			o.Name,
			o.Bytes(),
			most-GuardBytes(l),
		)
	}
	return nil
}

// guarded gives an operand a buffer of its own between two stretches of guard words.
func (s *Session) guarded(o Operand) (place, error) {
	guard := GuardBytes(s.dev.Limits())
	b, err := s.buffer(o.Name, o.Bytes()+2*guard, o.Usage)
	if err != nil {
		return place{}, err
	}
	words := make([]uint32, guard/4)
	cpuref.FillGuard(words)
	for _, offset := range []uint64{0, guard + o.Bytes()} {
		if err := b.Write(offset, gpu.Bytes(words)); err != nil {
			return place{}, err
		}
	}
	return place{buffer: b, offset: guard, guard: guard}, nil
}

// buffer makes a buffer that the session closes.
func (s *Session) buffer(label string, size uint64, usage gpu.Usage) (*gpu.Buffer, error) {
	b, err := s.dev.NewBuffer(label, size, usage)
	if err == nil {
		s.closers = append(s.closers, b)
	}
	return b, err
}

// pooled gives operands the buffers that they share by plan. Constants, which no kernel writes, share the buffers of
// their usage, one behind the other.
func (s *Session) pooled() error {
	var err error
	if s.memory, err = PlanMemory(s.plan); err != nil {
		return err
	}
	shared := make([]*gpu.Buffer, len(s.memory.Objects))
	for i, size := range s.memory.Objects {
		if shared[i], err = s.buffer(fmt.Sprintf("shared object %d", i), size, gpu.Storage); err != nil {
			return err
		}
	}
	for i := range s.plan.Operands {
		if object := s.memory.Object[i]; object >= 0 {
			s.places[i] = place{buffer: shared[object]}
		}
	}
	return s.poolConstants()
}

// poolConstants packs constants into as few buffers as hold them.
func (s *Session) poolConstants() error {
	l := s.dev.Limits()
	align := GuardBytes(l)
	for _, usage := range []gpu.Usage{gpu.Storage, gpu.Uniform} {
		var pack []int
		var size uint64
		flush := func() error {
			if len(pack) == 0 {
				return nil
			}
			b, err := s.buffer("constants", size, usage)
			for _, i := range pack {
				s.places[i].buffer = b
			}
			pack, size = nil, 0
			return err
		}
		for i, o := range s.plan.Operands {
			if o.Role != Constant || o.Usage != usage {
				continue
			}
			room := (o.Bytes() + align - 1) / align * align
			if size+room > l.MaxBufferSize {
				if err := flush(); err != nil {
					return err
				}
			}
			s.places[i].offset = size
			pack, size = append(pack, i), size+room
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}

// binding is what a kernel sees of a use. A guarded output has the guard behind it in its binding: inside of that
// nothing but the guard shows that a kernel wrote too much.
func (s *Session) binding(u Use, written bool) gpu.Binding {
	at, o := s.places[u.Operand], s.plan.Operands[u.Operand]
	b := gpu.Binding{Buffer: at.buffer, Offset: at.offset + u.Offset, Size: u.Size}
	if u.Size == 0 && !(written && at.guard > 0) {
		b.Size = o.Bytes() - u.Offset
	}
	return b
}

// checkGuards reports guard words that are no longer what they were.
func (s *Session) checkGuards(ctx context.Context, i int) error {
	at, o := s.places[i], s.plan.Operands[i]
	words := make([]uint32, at.guard/4)
	for _, side := range []struct {
		name   string
		offset uint64
	}{{"before", 0}, {"behind", at.offset + o.Bytes()}} {
		if err := at.buffer.Read(ctx, side.offset, gpu.Bytes(words)); err != nil {
			return err
		}
		if err := cpuref.CheckGuard(fmt.Sprintf("the guard %s %s", side.name, o.Name), words); err != nil {
			return err
		}
	}
	return nil
}

// checkConstant reports a constant that is no longer what it was filled with.
func (s *Session) checkConstant(ctx context.Context, i int) error {
	now, err := s.ReadWords(ctx, i)
	if err != nil || digest(now) == s.places[i].digest {
		return err
	}
	o := s.plan.Operands[i]
	if o.Fill == nil {
		return fmt.Errorf("%w: %s is no longer what was uploaded", cpuref.ErrChanged, o.Name)
	}
	was, err := o.Fill()
	if err != nil {
		return err
	}
	return changed(o, was, now)
}

// changed reports words that are no longer those that were uploaded.
func changed(o Operand, was, now []uint32) error {
	if len(was) == 0 {
		return nil
	}
	return cpuref.CheckUnchanged(o.Name, Floats(was), Floats(now[:len(was)]))
}
