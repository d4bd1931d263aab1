package exec

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// dispatch is a step as it is recorded.
type dispatch struct {
	copies []copied
	group  *gpu.BindGroup
	grid   [3]uint32
}

// record binds each step and adds it to the batch. The parameters of all steps are in one buffer, at offsets that
// uniform bindings may have; equal ones are there once.
func (s *Session) record(ctx context.Context) error {
	params, offsets := s.parameters()
	if len(params) == 0 {
		return fmt.Errorf("%w: a plan without steps", gpu.ErrMisuse)
	}
	uniform, err := s.buffer("parameters", uint64(len(params)), gpu.Uniform)
	if err != nil {
		return err
	}
	if err := uniform.Write(0, params); err != nil {
		return err
	}
	if err := s.shareTextures(); err != nil {
		return err
	}
	for i, step := range s.plan.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		size := uint64(len(step.Params)+15) &^ 15
		if err := s.bind(step, gpu.Binding{Buffer: uniform, Offset: offsets[i], Size: size}); err != nil {
			return err
		}
	}
	s.batch = s.dev.NewBatch()
	s.dispatchAll(s.batch, s.dispatches)
	return nil
}

// parameters lays the parameters of all steps out, and gives the offset of each.
func (s *Session) parameters() (data []byte, offsets []uint64) {
	align := int(GuardBytes(s.dev.Limits()))
	at := map[string]uint64{}
	for _, step := range s.plan.Steps {
		offset, ok := at[string(step.Params)]
		if !ok {
			offset = uint64(len(data))
			at[string(step.Params)] = offset
			data = append(data, step.Params...)
			data = append(data, bytes.Repeat([]byte{0}, (align-len(step.Params)%align)%align)...)
		}
		offsets = append(offsets, offset)
	}
	return data, offsets
}

// bind adds one dispatch.
func (s *Session) bind(step Step, params gpu.Binding) error {
	grid, ok := s.dev.Fold(step.Workgroups, s.dev.Limits().MaxWorkgroupsPerDimension)
	if !ok {
		return fmt.Errorf("%w: %d workgroups", ErrTooLarge, step.Workgroups)
	}
	kernel, shader, err := s.dev.compile(step.Kernel)
	if err != nil {
		return err
	}
	reads, copies, err := s.textured(step, shader)
	if err != nil {
		return err
	}
	bindings := []gpu.Binding{params}
	for i, u := range step.Uses {
		if t, ok := reads[i]; ok {
			bindings = append(bindings, gpu.Binding{Texture: t})
			continue
		}
		written := i+1 < len(shader.Bindings) && shader.Bindings[i+1] == shaders.Write
		bindings = append(bindings, s.binding(u, written))
	}
	group, err := kernel.Bind(bindings...)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, group)
	s.dispatches = append(s.dispatches, dispatch{copies, group, grid})
	s.wrote(step, shader)
	return nil
}

// dispatchAll adds dispatches, and the copies before each, to a batch.
func (s *Session) dispatchAll(to *gpu.Batch, all []dispatch) {
	for _, d := range all {
		for _, c := range d.copies {
			s.copyTo(to, c)
		}
		to.Dispatch(d.group, d.grid[0], d.grid[1], d.grid[2])
	}
}

// timedBatches are of as many dispatches as can be timed at once.
func (s *Session) timedBatches() []*gpu.Batch {
	if s.timed == nil {
		for some := range slices.Chunk(s.dispatches, gpu.MaxTimed) {
			batch := s.dev.NewTimedBatch()
			s.dispatchAll(batch, some)
			s.timed = append(s.timed, batch)
		}
	}
	return s.timed
}
