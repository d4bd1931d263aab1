// A field to draw a digit in, for networks that take pictures of 28x28 gray pixels, as MNIST's: ink is light on dark.
import { $ } from "./elements.js";

const side = 28, inked = 20; // pixels of a picture, and of the digit in it, as MNIST has them
const pen = 20, step = 10; // the field's pixels: of a line's width, and of a press of an arrow key

let at, down = false; // where the pen is, and whether it draws
const context = () => $("digit").getContext("2d", { willReadFrequently: true });

// startDigit calls drawn with a picture of 28x28 pixels whenever the pen is lifted.
export function startDigit(drawn) {
	const field = $("digit");
	const place = (e) => {
		const { left, top, width, height } = field.getBoundingClientRect();
		return { x: (e.clientX - left) / width * field.width, y: (e.clientY - top) / height * field.height };
	};
	const lift = () => {
		if (down) drawn(centred());
		down = false;
	};
	field.onpointerdown = (e) => { field.setPointerCapture(e.pointerId); begin(place(e)); };
	field.onpointermove = (e) => { if (down) line(place(e)); };
	field.onpointerup = field.onpointercancel = lift;
	field.onkeydown = (e) => {
		const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
		if (by) {
			const held = (v, most) => Math.min(most, Math.max(0, v));
			const to = { x: held(at.x + step * by[0], field.width), y: held(at.y + step * by[1], field.height) };
			down ? line(to) : at = to;
		} else if (e.key === " ") {
			down ? lift() : begin(at);
		} else {
			return;
		}
		e.preventDefault();
	};
	$("digit-clear").onclick = clear;
	clear();
}

// showDigit shows the field for networks that take such pictures, and hides it for others.
export function showDigit(fits) {
	$("digit-part").hidden = !fits;
	clear();
}

function clear() {
	const c = context();
	c.fillStyle = "#000";
	c.fillRect(0, 0, c.canvas.width, c.canvas.height);
	at = { x: c.canvas.width / 2, y: c.canvas.height / 2 };
	down = false;
}

function begin(to) {
	at = to;
	down = true;
	line(to);
}

function line(to) {
	const c = context();
	c.strokeStyle = "#fff";
	c.lineWidth = pen;
	c.lineCap = c.lineJoin = "round";
	c.beginPath();
	c.moveTo(at.x, at.y);
	c.lineTo(to.x, to.y);
	c.stroke();
	at = to;
}

// centred is the digit as MNIST's are: its longer side 20 pixels, and its centre of mass in the middle.
function centred() {
	const { canvas } = context(), { data } = context().getImageData(0, 0, canvas.width, canvas.height);
	let left = canvas.width, top = canvas.height, right = 0, bottom = 0, mass = 0, x = 0, y = 0;
	for (let i = 0; i < data.length / 4; i++) {
		const ink = data[4 * i], column = i % canvas.width, row = Math.floor(i / canvas.width);
		if (!ink) continue;
		left = Math.min(left, column);
		right = Math.max(right, column);
		top = Math.min(top, row);
		bottom = Math.max(bottom, row);
		mass += ink;
		x += ink * column;
		y += ink * row;
	}
	const scale = inked / Math.max(1, right - left, bottom - top);
	const picture = new OffscreenCanvas(side, side), c = picture.getContext("2d");
	c.fillRect(0, 0, side, side);
	c.imageSmoothingQuality = "high";
	c.setTransform(scale, 0, 0, scale, side / 2 - scale * x / Math.max(1, mass), side / 2 - scale * y / Math.max(1, mass));
	c.drawImage(canvas, 0, 0);
	return picture;
}
