package gpu

import "time"

// driver is one open device of a platform. The Device that owns it makes all calls under its lock and
// has checked every argument: nothing here is called with closed or foreign objects, sizes that are 0
// or not multiples of 4, or ranges outside a buffer.
type driver interface {
	createBuffer(label string, size uint64, u Usage) (driverBuffer, error)
	// createTexture makes a texture of so many rows of TextureWidth texels.
	createTexture(label string, rows uint32) (driverTexture, error)
	createKernel(source KernelSource) (driverKernel, error)
	createBindGroup(k driverKernel, bindings []driverBinding) (driverBindGroup, error)
	write(b driverBuffer, offset uint64, data []byte) error
	// record translates commands once, for submissions as long as all that they name is open.
	record(commands []command) recording
	// submit sends what was recorded, then a copy to be read. What it began is pending, in spite of an
	// error even; nil where it began nothing.
	submit(r recording, ticks timestamps, read tail) (pending, error)
	// mapped copies what was read back, once that is done.
	mapped(b driverBuffer, dst []byte) error
	// tickPeriod is how many nanoseconds a tick lasts, where the platform knows.
	tickPeriod() (ns float64, known bool)
	// poll lets finished work report itself. It goes on until that is true of p or the time is up; without
	// a time, or where p is nil, it looks once.
	poll(p pending, most time.Duration)
	// lost says whether the device is lost, and why.
	lost() (string, bool)
	// close lets go of the device after everything made from it.
	close()
}

// released is anything that a driver made.
type released interface{ release() }

type (
	driverBuffer    released
	driverTexture   released
	driverBindGroup released
	driverKernel    released
)

// driverBinding is a range of a buffer at one @binding, or a texture.
type driverBinding struct {
	texture      driverTexture // nil for a buffer
	buffer       driverBuffer
	offset, size uint64
}

// pending is work under way. state is asked under the device's lock; free is called once it is done.
// ready is a channel that closes when asking is worth it, or nil where only polling tells.
type pending interface {
	state() (done bool, err error)
	ready() <-chan struct{}
	free()
}

// recording is what a driver makes of commands.
type recording any

// timestamps has each dispatch of a submission, with the copies before it, be measured from its begin to its end, as
// two ticks of 8 bytes, one after the other into a buffer, which is nil for none. Where there is but one of these for
// many dispatches, all that the submission does is measured together.
type timestamps struct {
	buffer     driverBuffer
	dispatches int // at least one
}

// tail is the end of a submission: a copy to the beginning of a buffer of usage readback, which is then
// mapped; none where size is 0.
type tail struct {
	src, dst     driverBuffer
	offset, size uint64
}

// command is one recorded step of a batch: a dispatch where kernel is set, else a copy, to a texture or a buffer.
type command struct {
	kernel   driverKernel
	group    driverBindGroup
	grid     [3]uint32
	src, dst driverBuffer
	texture  driverTexture // nil for a copy between buffers
	srcOff   uint64
	dstOff   uint64
	size     uint64
}
