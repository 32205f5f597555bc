// Package sentinel makes error values of one identity that are also one of the standard library's.
package sentinel

// New returns an error with the given text for which errors.Is holds of itself and of also.
func New(text string, also error) error { return &sentinel{text, also} }

type sentinel struct {
	text string
	also error
}

func (s *sentinel) Error() string { return s.text }
func (s *sentinel) Unwrap() error { return s.also }
