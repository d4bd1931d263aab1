package op

import "github.com/gpuconv/gpuconv/internal/exec"

// Copy adds a step that copies in, which broadcasts to the shape of out, to out. What is transposed, sliced or split is
// a view of in. The errors are those of [Pointwise].
func Copy(p *exec.Plan, in, out Tensor) error { return Pointwise(p, "copy", 0, 0, out, in) }
