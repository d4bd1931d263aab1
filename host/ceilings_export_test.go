package host

import "github.com/gpuconv/gpuconv/shaders"

// AttemptPeak runs a row of peak.wgsl once and judges it.
func AttemptPeak(d *Device, k shaders.Peak, threads int64, rounds uint32) error {
	t, err := newPeakTrial(d.gpu, k, threads, rounds)
	if err != nil {
		return err
	}
	defer t.close()
	return attempt(d.gpu, t)
}

// AttemptCopy runs a row of copy.wgsl once and judges it.
func AttemptCopy(d *Device, k shaders.Copy, elements int64) error {
	t, err := newCopyTrial(d.gpu, k, elements)
	if err != nil {
		return err
	}
	defer t.close()
	return attempt(d.gpu, t)
}
