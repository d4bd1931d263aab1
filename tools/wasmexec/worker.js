// Runs the test binary in a worker, as the page runs gpuconv, and tells the page what it prints.
"use strict";

importScripts("/wasm_exec.js");

const utf8 = new TextDecoder();
fs.writeSync = (_, bytes) => {
	postMessage({ text: utf8.decode(bytes, { stream: true }) });
	return bytes.length;
};

(async () => {
	const go = new Go();
	let code = 0;
	go.exit = (c) => { code = c; };
	Object.assign(go, await (await fetch("/start.json")).json());
	const { instance } = await WebAssembly.instantiateStreaming(fetch("/test.wasm"), go.importObject);
	await go.run(instance);
	postMessage({ exit: code });
})().catch((e) => postMessage({ text: `${e.stack ?? e}\n`, exit: 2 }));
