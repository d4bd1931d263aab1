package exec

import (
	"fmt"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// Kernels that read from textures bind operands like any others: a session keeps textures and copies operands to them.
// Constants have textures of their own, which are filled once. All others share one for each place among the textures
// of a step: they are copied right before the step that reads them, and needed no longer behind it.
type textures struct {
	constants []copied
	shared    []*gpu.Texture
	holds     []*Use // what each shared one holds at this point of the recording
}

// copied is an operand's part that is copied to a texture.
type copied struct {
	use Use
	to  *gpu.Texture
}

// whole is a use with its size.
func (s *Session) whole(u Use) Use {
	if u.Size == 0 {
		u.Size = s.plan.Operands[u.Operand].Bytes() - u.Offset
	}
	return u
}

// fromTextures are the uses of a step that its kernel reads from textures.
func fromTextures(step Step, shader shaders.Shader) (uses []int) {
	for i := range step.Uses {
		if i+1 < len(shader.Bindings) && shader.Bindings[i+1] == shaders.Texture {
			uses = append(uses, i)
		}
	}
	return uses
}

// shareTextures makes the textures that steps share, each as large as the largest part that is copied to it.
func (s *Session) shareTextures() error {
	var sizes []uint64
	for _, step := range s.plan.Steps {
		shader, err := s.dev.Source(step.Kernel)
		if err != nil {
			return err
		}
		k := 0
		for _, i := range fromTextures(step, shader) {
			u := s.whole(step.Uses[i])
			if s.plan.Operands[u.Operand].Role == Constant {
				continue
			}
			if k == len(sizes) {
				sizes = append(sizes, 0)
			}
			sizes[k] = max(sizes[k], u.Size)
			k++
		}
	}
	for k, size := range sizes {
		t, err := s.texture(fmt.Sprintf("shared texture %d", k), size)
		if err != nil {
			return err
		}
		s.textures.shared = append(s.textures.shared, t)
		s.memory.Textures += size
	}
	s.textures.holds = make([]*Use, len(sizes))
	return nil
}

// texture makes a texture that the session closes.
func (s *Session) texture(label string, size uint64) (*gpu.Texture, error) {
	t, err := s.dev.NewTexture(label, size)
	if err == nil {
		s.closers = append(s.closers, t)
	}
	return t, err
}

// textured gives the textures that a step reads, by its uses, and what is to be copied to them before it.
func (s *Session) textured(step Step, shader shaders.Shader) (reads map[int]*gpu.Texture, copies []copied, err error) {
	reads = map[int]*gpu.Texture{}
	k := 0
	for _, i := range fromTextures(step, shader) {
		u := s.whole(step.Uses[i])
		if s.plan.Operands[u.Operand].Role == Constant {
			if reads[i], err = s.constant(u); err != nil {
				return nil, nil, err
			}
			continue
		}
		t := s.textures.shared[k]
		if held := s.textures.holds[k]; held == nil || *held != u {
			copies = append(copies, copied{u, t})
			s.textures.holds[k] = &u
		}
		reads[i], k = t, k+1
	}
	return reads, copies, nil
}

// wrote forgets what textures hold of operands that a step writes.
func (s *Session) wrote(step Step, shader shaders.Shader) {
	for i, u := range step.Uses {
		if i+1 >= len(shader.Bindings) || shader.Bindings[i+1] != shaders.Write {
			continue
		}
		for k, held := range s.textures.holds {
			if held != nil && held.Operand == u.Operand {
				s.textures.holds[k] = nil
			}
		}
	}
}

// constant gives the texture of a part of a constant.
func (s *Session) constant(u Use) (*gpu.Texture, error) {
	for _, c := range s.textures.constants {
		if c.use == u {
			return c.to, nil
		}
	}
	t, err := s.texture(s.plan.Operands[u.Operand].Name, u.Size)
	if err != nil {
		return nil, err
	}
	s.textures.constants = append(s.textures.constants, copied{u, t})
	return t, s.copyConstants(u.Operand)
}

// copyConstants copies a constant, as it is now, to its textures.
func (s *Session) copyConstants(operand int) error {
	batch, some := s.dev.NewBatch(), false
	for _, c := range s.textures.constants {
		if c.use.Operand == operand {
			s.copyTo(batch, c)
			some = true
		}
	}
	if !some {
		return nil
	}
	_, err := batch.Submit()
	return err
}

func (s *Session) copyTo(batch *gpu.Batch, c copied) {
	at := s.places[c.use.Operand]
	batch.CopyToTexture(c.to, at.buffer, at.offset+c.use.Offset, c.use.Size)
}
