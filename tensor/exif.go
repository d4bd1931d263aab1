package tensor

import (
	"bytes"
	"encoding/binary"
)

// orientation is a picture's in EXIF's numbers, 1 to 8: on which sides of the scene
// the first row and the first column that are stored lie.
type orientation int

// upright is the first row at the top and the first column on the left.
const upright orientation = 1

// swaps tells whether rows and columns change places.
func (o orientation) swaps() bool { return o >= 5 }

// source returns the stored pixel that belongs at (x, y) of the upright picture; w and
// h are the stored picture's sizes.
func (o orientation) source(x, y, w, h int) (int, int) {
	if o.swaps() {
		x, y = y, x
	}
	if o == 2 || o == 3 || o == 7 || o == 8 {
		x = w - 1 - x
	}
	if o == 3 || o == 4 || o == 6 || o == 7 {
		y = h - 1 - y
	}
	return x, y
}

// jpegOrientation returns the orientation in a JPEG's EXIF data (JEITA CP-3451, tag
// 0x0112 of IFD 0), given the file up to its first frame. Where there is none, or none
// that makes sense, the picture is upright: photos with broken EXIF data are shown so
// everywhere.
func jpegOrientation(file []byte) orientation {
	const app1, sos, eoi = 0xe1, 0xda, 0xd9
	for at := 2; at+4 <= len(file); { // behind the start of the image
		if file[at] != 0xff {
			return upright
		}
		marker := file[at+1]
		if marker == 0xff { // a fill byte
			at++
			continue
		}
		length := int(binary.BigEndian.Uint16(file[at+2:])) // with its own two bytes
		if marker == sos || marker == eoi || length < 2 || at+2+length > len(file) {
			return upright
		}
		if tiff, found := bytes.CutPrefix(file[at+4:at+2+length], []byte("Exif\x00\x00")); marker == app1 && found {
			return tiffOrientation(tiff)
		}
		at += 2 + length
	}
	return upright
}

// tiffOrientation looks through the first directory of EXIF data.
func tiffOrientation(tiff []byte) orientation {
	const tag, short, entrySize = 0x0112, 3, 12
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	directory := uint64(order.Uint32(tiff[4:]))
	if directory+2 > uint64(len(tiff)) {
		return upright
	}
	entries := tiff[directory+2:]
	for range order.Uint16(tiff[directory:]) {
		if len(entries) < entrySize {
			return upright
		}
		value := orientation(order.Uint16(entries[8:]))
		if order.Uint16(entries) == tag {
			if order.Uint16(entries[2:]) != short || order.Uint32(entries[4:]) != 1 || value < 1 || value > 8 {
				return upright
			}
			return value
		}
		entries = entries[entrySize:]
	}
	return upright
}
