package host

import (
	"context"

	"github.com/gpuconv/gpuconv/internal/algo"
)

// quantizedKinds computes a quantized layer in one piece: sums, outputs as float32 or outputs as int8, each by an
// engine that makes nothing else, for then the kernels that add up can make outputs at once.
type quantizedKinds struct {
	dev     *Device
	layer   *quantizedData
	engines map[outputKinds]*quantizedWhole // opened when they are first asked for
}

// newQuantizedKinds opens the engine of outputs as float32, to report what cannot be run when the layer is built.
func newQuantizedKinds(dev *Device, q *quantizedData) (quantizedEngine, error) {
	e := &quantizedKinds{dev, q, map[outputKinds]*quantizedWhole{}}
	_, err := e.of(outputKinds{floats: true})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// of gives the engine of a kind.
func (e *quantizedKinds) of(makes outputKinds) (on *quantizedWhole, err error) {
	if on = e.engines[makes]; on == nil {
		if on, err = newQuantizedWhole(e.dev, *e.layer, true, makes); err == nil {
			e.engines[makes] = on
		}
	}
	return on, err
}

// run makes each kind that is asked for.
func (e *quantizedKinds) run(ctx context.Context, r *quantizedRun) error {
	kinds := []outputKinds{{floats: r.v != nil, bytes: r.bytes != nil}}
	if kinds[0] == (outputKinds{true, true}) {
		kinds = []outputKinds{{floats: true}, {bytes: true}}
	}
	for _, makes := range kinds {
		on, err := e.of(makes)
		if err != nil {
			return err
		}
		if err := on.run(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// outputs is the engine of outputs as float32.
func (e *quantizedKinds) outputs() *quantizedWhole { return e.engines[outputKinds{floats: true}] }

func (e *quantizedKinds) algorithm() algo.Algorithm { return e.outputs().algorithm() }

func (e *quantizedKinds) Close() {
	for _, on := range e.engines {
		on.Close()
	}
}
