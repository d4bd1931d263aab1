package tensor

import (
	"strconv"
	"strings"
)

// npyHeader is what the dict literal at the start of a .npy file says.
type npyHeader struct {
	dtype   npyType
	fortran bool
	shape   []int
}

// parseNPYHeader reads {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)}:
// exactly these three keys, in any order, as Python would write them.
func parseNPYHeader(text string) (npyHeader, error) {
	var h npyHeader
	s := literal{text: text}
	seen := map[string]bool{}
	err := s.dict(func(key string) (err error) {
		if seen[key] {
			return s.errorf("key '%s' is there twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			h.dtype, err = s.dtype()
		case "fortran_order":
			h.fortran, err = s.boolean()
		case "shape":
			h.shape, err = s.tuple()
		default:
			err = s.errorf("key %q is not one of 'descr', 'fortran_order', 'shape'", key)
		}
		return err
	})
	if err != nil {
		return npyHeader{}, err
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			return npyHeader{}, s.errorf("key '%s' is missing", key)
		}
	}
	return h, nil
}

// literal reads the few kinds of Python literal that a .npy header is made of.
type literal struct {
	text string
	at   int
}

func (s *literal) errorf(format string, args ...any) error {
	return formatErrorf("npy: header, at byte %d: "+format, append([]any{s.at}, args...)...)
}

// next skips white space and returns the byte after it, 0 at the end.
func (s *literal) next() byte {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n\f", s.text[s.at]) >= 0 {
		s.at++
	}
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// accept consumes c if it comes next.
func (s *literal) accept(c byte) bool {
	if s.next() != c || s.at == len(s.text) {
		return false
	}
	s.at++
	return true
}

func (s *literal) expect(c byte, where string) error {
	if s.accept(c) {
		return nil
	}
	return s.unexpected("'" + string(c) + "' " + where)
}

func (s *literal) unexpected(want string) error {
	s.next()
	if s.at == len(s.text) {
		return s.errorf("it ends; want %s", want)
	}
	return s.errorf("found %q; want %s", s.text[s.at:min(s.at+12, len(s.text))], want)
}

// dict reads a dict that is all of the text. It calls value for every key, to
// read what follows the colon.
func (s *literal) dict(value func(key string) error) error {
	if err := s.expect('{', "to open the dict"); err != nil {
		return err
	}
	for !s.accept('}') {
		key, err := s.str("a key in quotes")
		if err != nil {
			return err
		}
		if err := s.expect(':', "after a key"); err != nil {
			return err
		}
		if err := value(key); err != nil {
			return err
		}
		if !s.accept(',') && s.next() != '}' {
			return s.unexpected("',' or '}' after a value")
		}
	}
	if s.next(); s.at < len(s.text) {
		return s.unexpected("nothing after the dict")
	}
	return nil
}

// str reads a string in quotes of either kind. Nothing in a header needs an
// escape, so a backslash is refused.
func (s *literal) str(what string) (string, error) {
	quote := s.next()
	if quote != '\'' && quote != '"' {
		return "", s.unexpected(what)
	}
	rest := s.text[s.at+1:]
	n := strings.IndexByte(rest, quote)
	if n < 0 || strings.ContainsAny(rest[:n], "\\\n") {
		return "", s.errorf("string without its closing quote, or with a backslash or a line break")
	}
	s.at += n + 2
	return rest[:n], nil
}

func (s *literal) boolean() (bool, error) {
	s.next()
	for _, word := range []string{"True", "False"} {
		if strings.HasPrefix(s.text[s.at:], word) {
			s.at += len(word)
			return word == "True", nil
		}
	}
	return false, s.unexpected("True or False")
}

// tuple reads a shape: (), (3,), (3, 4) or (3, 4,).
func (s *literal) tuple() ([]int, error) {
	if err := s.expect('(', "to open the shape"); err != nil {
		return nil, err
	}
	shape, comma := []int{}, true
	for !s.accept(')') {
		if !comma {
			return nil, s.unexpected("',' or ')' after a size")
		}
		size, err := s.size()
		if err != nil {
			return nil, err
		}
		if shape = append(shape, size); len(shape) > maxRank {
			return nil, s.errorf("the shape has more than %d axes, the most that is supported", maxRank)
		}
		comma = s.accept(',')
	}
	if len(shape) == 1 && !comma {
		return nil, s.errorf("shape (%d) is a number in Python; a shape of rank 1 is (%d,)", shape[0], shape[0])
	}
	return shape, nil
}

func (s *literal) size() (int, error) {
	s.next()
	end := s.at
	for end < len(s.text) && s.text[end] >= '0' && s.text[end] <= '9' {
		end++
	}
	if end == s.at {
		return 0, s.unexpected("a size, as a decimal number of 0 or more")
	}
	digits := s.text[s.at:end]
	size, err := strconv.Atoi(digits)
	if err != nil {
		return 0, s.errorf("size %.24s is too large", digits)
	}
	s.at = end
	if s.at < len(s.text) && s.text[s.at] == 'L' {
		s.at++ // Python 2 wrote long integers so
	}
	return size, nil
}

func (s *literal) dtype() (npyType, error) {
	if c := s.next(); c == '[' || c == '(' {
		return npyType{}, s.errorf(
			"the dtype is structured: its elements are records, not numbers; save one field of it",
		)
	}
	name, err := s.str("a dtype in quotes")
	if err != nil {
		return npyType{}, err
	}
	return parseNPYType(name)
}
