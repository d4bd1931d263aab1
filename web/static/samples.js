// Pictures that the page draws itself, for who has none at hand.

// drawn gives a square canvas with a drawing.
function drawn(size, draw) {
	const canvas = new OffscreenCanvas(size, size);
	draw(canvas.getContext("2d"), size);
	return canvas;
}

export const samples = {
	// Rings and bars have edges in all directions.
	rings: () => drawn(96, (c) => {
		c.fillStyle = "#223";
		c.fillRect(0, 0, 96, 96);
		for (const [r, colour] of [[40, "#e8a33d"], [30, "#334"], [20, "#4aa3df"], [9, "#fff"]]) {
			c.fillStyle = colour;
			c.beginPath();
			c.arc(48, 48, r, 0, 7);
			c.fill();
		}
		c.fillStyle = "#d44";
		c.fillRect(4, 70, 88, 7);
		c.fillRect(76, 4, 7, 88);
	}),
	// A house under a sun has large faces of one colour.
	house: () => drawn(224, (c) => {
		const box = (colour, ...at) => { c.fillStyle = colour; c.fillRect(...at); };
		box("#9cd3f2", 0, 0, 224, 224);
		box("#5a9e4b", 0, 170, 224, 54);
		box("#d9b382", 62, 100, 100, 90);
		box("#6b4226", 100, 140, 26, 50);
		box("#f7f0c6", 74, 114, 22, 18);
		box("#f7f0c6", 130, 114, 22, 18);
		c.fillStyle = "#a33b2e";
		c.beginPath();
		c.moveTo(50, 102);
		c.lineTo(112, 52);
		c.lineTo(174, 102);
		c.fill();
		c.fillStyle = "#ffd54a";
		c.beginPath();
		c.arc(186, 38, 20, 0, 7);
		c.fill();
	}),
	// A gradient has no edges at all.
	gradient: () => drawn(224, (c) => {
		const g = c.createLinearGradient(0, 0, 224, 224);
		[["#102a6b", 0], ["#e23d6d", 0.5], ["#ffe08a", 1]].forEach(([colour, at]) => g.addColorStop(at, colour));
		c.fillStyle = g;
		c.fillRect(0, 0, 224, 224);
	}),
};
