// The program runs here, in a worker, so that long work never freezes the page.
"use strict";

importScripts("wasm_exec.js");

const waiting = []; // questions that came before the program was ready
let ready = false;

const serve = ({ id, name, about, data, stop }) =>
	stop ? gpuconvStop(id) : gpuconvAsk(id, name, JSON.stringify(about ?? {}), data);

onmessage = (e) => ready ? serve(e.data) : waiting.push(e.data);

const post = globalThis.postMessage.bind(globalThis);
globalThis.postMessage = (message) => { // the program's
	if (message.ready) {
		ready = true;
		waiting.splice(0).forEach(serve);
	}
	post(message);
};

(async () => {
	const go = new Go();
	const answer = await fetch("main.wasm");
	if (!answer.ok) throw new Error(`main.wasm: ${answer.status} ${answer.statusText}`);
	const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer(), go.importObject);
	await go.run(instance);
	throw new Error("the program has ended");
})().catch((e) => post({ broken: `${e.message ?? e}` }));
