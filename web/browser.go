//go:build js

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"syscall/js"

	"github.com/gpuconv/gpuconv/gpu"
)

// main waits for questions: worker.js calls gpuconvAsk for each, and gpuconvStop to end one.
func main() {
	var p program
	var running sync.Map // what ends each question, by its number
	js.Global().Set("gpuconvAsk", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id, q := args[0].Int(), question{name: args[1].String(), about: json.RawMessage(args[2].String())}
		if given := args[3]; given.Truthy() {
			q.data = make([]byte, given.Length())
			js.CopyBytesToGo(q.data, given)
		}
		q.tell = func(v any) { post(id, "progress", answer{value: v}) }
		ctx, end := context.WithCancel(context.Background())
		running.Store(id, end)
		go func() {
			defer running.Delete(id)
			defer end()
			a, err := p.answer(ctx, q)
			if err != nil {
				post(id, "error", answer{value: err.Error()})
				return
			}
			post(id, "answer", a)
		}()
		return nil
	}))
	js.Global().Set("gpuconvStop", js.FuncOf(func(_ js.Value, args []js.Value) any {
		if end, ok := running.Load(args[0].Int()); ok {
			end.(context.CancelFunc)()
		}
		return nil
	}))
	js.Global().Call("postMessage", map[string]any{"ready": true})
	select {}
}

// post sends the page a message of a kind about a question.
func post(id int, kind string, a answer) {
	text, err := json.Marshal(a.value)
	if err != nil { // a number that JSON has not
		kind, text = "error", []byte(fmt.Sprintf("%q", err))
	}
	numbers := map[string]any{}
	for name, list := range a.numbers {
		array := js.Global().Get("Float32Array").New(len(list))
		js.CopyBytesToJS(js.Global().Get("Uint8Array").New(array.Get("buffer")), gpu.Bytes(list))
		numbers[name] = array
	}
	js.Global().Call("postMessage", map[string]any{"id": id, "kind": kind, "json": string(text), "numbers": numbers})
}
