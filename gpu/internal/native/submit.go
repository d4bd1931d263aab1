//go:build !js

package native

/*
#include <stdlib.h>
#include "submit.h"
*/
import "C"

import (
	"unsafe"

	"github.com/cogentcore/webgpu/wgpu"
)

// Step is a dispatch or a copy, in the words of C, as Submit takes it. It names objects of wgpu that must
// be there still when it is submitted.
type Step C.step

// Dispatch is a step that runs a grid of workgroups.
func Dispatch(pipeline *wgpu.ComputePipeline, group *wgpu.BindGroup, grid [3]uint32) Step {
	s := Step{pipeline: C.WGPUComputePipeline(*field(pipeline, "ref")), group: C.WGPUBindGroup(*field(group, "ref"))}
	for i, n := range grid {
		s.grid[i] = C.uint32_t(n)
	}
	return s
}

// Copy is a step that copies size bytes between two buffers.
func Copy(src *wgpu.Buffer, srcOffset uint64, dst *wgpu.Buffer, dstOffset, size uint64) Step {
	return Step{
		src: C.WGPUBuffer(*field(src, "ref")), srcOffset: C.uint64_t(srcOffset),
		dst: C.WGPUBuffer(*field(dst, "ref")), dstOffset: C.uint64_t(dstOffset), size: C.uint64_t(size),
	}
}

// CopyToTexture is a step that copies size bytes of a buffer to the begin of a texture.
func CopyToTexture(src *wgpu.Buffer, srcOffset uint64, dst *Texture, size uint64) Step {
	return Step{
		src: C.WGPUBuffer(*field(src, "ref")), srcOffset: C.uint64_t(srcOffset),
		texture: C.WGPUTexture(*field(dst.Texture, "ref")), size: C.uint64_t(size),
	}
}

// Extras are what a submission may have beside its steps.
type Extras struct {
	Ticks      *wgpu.Buffer // gets two timestamps for each dispatch, or for all of them, or nil
	Dispatches int          // that are measured, where Ticks is set: 1 for all together
	Read       Step         // a last copy, into a buffer that is then mapped, or nothing
}

// Submit encodes steps and sends them to the GPU. Where sending is false, nothing was sent, and the error
// is all that happened; else it is a panic after which nothing works. What failed without a panic is for
// Error to tell. The pending work is nothing where nothing was sent.
func (d *Device) Submit(steps []Step, more Extras) (p Pending, sending bool, err error) {
	p = newPending()
	s := C.submission{
		device:  d.ref,
		queue:   d.queue,
		state:   d.state,
		count:   C.size_t(len(steps)),
		read:    C.step(more.Read),
		pending: p.state,
	}
	if more.Ticks != nil {
		s.queries, s.ticks = C.uint32_t(2*more.Dispatches), C.WGPUBuffer(*field(more.Ticks, "ref"))
	}
	err = guard(func() *C.char { return C.gpuconvSubmit(&s, (*C.step)(unsafe.SliceData(steps))) })
	if s.sending != 0 {
		return p, true, err
	}
	p.Free()
	if err != nil { // its thread is gone, and with it what could not be released on it
		if failed := guard(func() *C.char { return C.gpuconvForget(&s) }); failed != nil {
			err = failed
		}
	}
	return Pending{}, false, err
}
