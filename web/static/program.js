// The page's side of the program in the worker.

export const worker = new Worker("worker.js");
const open = new Map(); // questions without an answer yet, by number
let last = 0;
let ended; // why the program answers no more

export const ready = new Promise((resolve, reject) => {
	worker.onmessage = ({ data }) => {
		if (data.ready) return resolve();
		if (data.broken) return end(data.broken, reject);
		const question = open.get(data.id);
		const value = JSON.parse(data.json);
		if (data.kind === "progress") return question.tell?.(value);
		open.delete(data.id);
		if (data.kind === "error") return question.reject(new Error(value));
		question.resolve({ ...value, numbers: data.numbers });
	};
	worker.onerror = (e) => end(e.message, reject);
});

function end(why, reject) {
	ended = new Error(`the program does not run: ${why}. Load the page again.`);
	reject(ended);
	for (const question of open.values()) question.reject(ended);
	open.clear();
}

// ask puts a question to the program: its name, what is asked, bytes beside it, and who is told of what comes before
// the answer. The promise has a method stop.
export function ask(name, about = {}, { data, tell } = {}) {
	const id = ++last;
	const answer = new Promise((resolve, reject) => {
		if (ended) return reject(ended);
		open.set(id, { resolve, reject, tell });
		worker.postMessage({ id, name, about, data });
	});
	answer.stop = () => worker.postMessage({ id, stop: true });
	return answer;
}
