//go:build js

package gpu

import (
	"errors"
	"fmt"
	"strings"
	"syscall/js"
)

// answer is what a JavaScript promise will say, as Go waits for it. Value and err are set once, before
// done closes, and may be read only after that.
type answer struct {
	done  chan struct{}
	value js.Value
	err   error
}

// expect begins to wait for a promise.
func expect(promise js.Value) *answer {
	a := &answer{done: make(chan struct{})}
	then(promise, a.settle)
	return a
}

func (a *answer) settle(v js.Value, err error) {
	a.value, a.err = v, err
	close(a.done)
}

// await blocks this goroutine, not the page: JavaScript's event loop goes on and delivers the answer.
// Only code that runs inside a callback from JavaScript (a js.Func) keeps the event loop waiting, and
// must not come here: it starts a goroutine first, as syscall/js asks of it.
func (a *answer) await() (js.Value, error) {
	<-a.done
	return a.value, a.err
}

// then calls f once, when the promise has settled, with its value or the reason of its rejection. f runs
// on the event loop and must not block.
func then(promise js.Value, f func(js.Value, error)) {
	var resolved, rejected js.Func
	release := func() {
		resolved.Release()
		rejected.Release()
	}
	resolved = js.FuncOf(func(_ js.Value, args []js.Value) any {
		release()
		f(args[0], nil)
		return nil
	})
	rejected = js.FuncOf(func(_ js.Value, args []js.Value) any {
		release()
		f(js.Undefined(), reason(args[0]))
		return nil
	})
	promise.Call("then", resolved, rejected)
}

// rescue, deferred, turns a JavaScript exception into an error. syscall/js panics with three kinds of
// values, one of them a mere string; any other panic is a bug of ours and goes on.
func rescue(err *error) {
	switch p := recover().(type) {
	case nil:
	case js.Error:
		*err = reason(p.Value)
	case *js.ValueError:
		*err = p
	case string:
		if !strings.HasPrefix(p, "syscall/js: ") {
			panic(p)
		}
		*err = errors.New(p)
	default:
		panic(p)
	}
}

// attempt makes calls whose exceptions become an error.
func attempt(calls func()) (err error) {
	defer rescue(&err)
	calls()
	return nil
}

// reason turns what JavaScript throws, rejects with or reports (a GPUError, a DOMException, an Error)
// into an error of this package.
func reason(v js.Value) (err error) {
	defer rescue(&err) // of a getter that throws
	if v.Type() != js.TypeObject {
		return classify("JavaScript reports " + v.String())
	}
	kind, message := text(v.Get("constructor"), "name"), strings.TrimSpace(text(v, "message"))
	if message == "" {
		message = kind
	}
	// A RangeError is JavaScript's own memory that gave out, where data is on its way to the GPU or back.
	if kind == "GPUOutOfMemoryError" || kind == "RangeError" && strings.Contains(message, "allocation") {
		return fmt.Errorf("%w: %s", ErrOutOfMemory, message)
	}
	return classify(message)
}

// property is v's property, undefined where v is nothing that could have one.
func property(v js.Value, name string) js.Value {
	if t := v.Type(); t != js.TypeObject && t != js.TypeFunction {
		return js.Undefined()
	}
	return v.Get(name)
}

// text is v's property of that name where it is a string, else empty.
func text(v js.Value, name string) string {
	if p := property(v, name); p.Type() == js.TypeString {
		return p.String()
	}
	return ""
}
