package tuning

import "bytes"

// Recode reads a tuning file and writes it again.
func Recode(data []byte) ([]byte, error) {
	f, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return f.encode()
}
