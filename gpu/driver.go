package gpu

// driver is one open device of a platform. The Device that owns it makes all calls under its lock and
// has checked every argument: nothing here is called with closed or foreign objects, sizes that are 0
// or not multiples of 4, or ranges outside a buffer.
type driver interface {
	createBuffer(label string, size uint64, u Usage) (driverBuffer, error)
	createKernel(source KernelSource) (driverKernel, error)
	createBindGroup(k driverKernel, bindings []driverBinding) (driverBindGroup, error)
	write(b driverBuffer, offset uint64, data []byte) error
	// submit encodes and submits all commands. With timed, each dispatch is a pass of its own whose begin
	// and end are written, as two ticks of 8 bytes, one after the other into ticks.
	submit(commands []command, timed bool, ticks driverBuffer) (pending, error)
	// mapRead asks for the first size bytes of a buffer of usage readback; mapped copies them once that is done.
	mapRead(b driverBuffer, size uint64) (pending, error)
	mapped(b driverBuffer, dst []byte) error
	// tickPeriod is how many nanoseconds a tick lasts, where the platform knows.
	tickPeriod() (ns float64, known bool)
	// poll lets finished work report itself; it never blocks.
	poll()
	// lost says whether the device is lost, and why.
	lost() (string, bool)
	// close lets go of the device after everything made from it.
	close()
}

// released is anything that a driver made.
type released interface{ release() }

type (
	driverBuffer    released
	driverBindGroup released
	driverKernel    released
)

// driverBinding is a range of a buffer at one @binding.
type driverBinding struct {
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

// command is one recorded step of a batch: a dispatch where kernel is set, else a copy.
type command struct {
	kernel   driverKernel
	group    driverBindGroup
	grid     [3]uint32
	src, dst driverBuffer
	srcOff   uint64
	dstOff   uint64
	size     uint64
}
