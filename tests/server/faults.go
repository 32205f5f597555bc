package main

import (
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"

	"github.com/samebytes/samebytes/pybridge"
	"github.com/samebytes/samebytes/shm"
)

// badError is an error whose text can't be had from a nil pointer.
type badError struct{ text string }

func (e *badError) Error() string { return e.text }

// wrapper is one that can't be unwrapped from a nil pointer.
type wrapper struct{ err error }

func (e *wrapper) Error() string { return "wrapped" }
func (e *wrapper) Unwrap() error { return e.err }

// handleFaults adds functions that do what functions should not.
func handleFaults(srv *pybridge.Server) {
	srv.Handle("goexit", runtime.Goexit, "Ends its goroutine.")
	srv.Handle("array", func(n int) (*shm.Array[float64], error) { return shm.New[float64]([]int{n}) }, "Returns an array that is the caller's.")
	srv.Handle("arrays", func(n int) iter.Seq2[*shm.Array[float64], error] {
		return func(yield func(*shm.Array[float64], error) bool) {
			for range n {
				if !yield(shm.New[float64]([]int{10})) {
					return
				}
			}
		}
	}, "Returns arrays that are the caller's.")
	srv.Handle("both", func(n int) (*shm.Array[float64], []*shm.Array[float64], error) {
		a, _ := shm.New[float64]([]int{n})
		b, _ := shm.New[float64]([]int{n})
		return a, []*shm.Array[float64]{nil, b}, errors.New("both")
	}, "Returns arrays beside an error.")
	srv.Handle("texts", func(n int) iter.Seq[string] { return slices.Values([]string{"short", strings.Repeat("x", n)}) })
	srv.Handle("nil_error", func() error {
		var e *badError
		return e
	}, "Returns a nil pointer, which is an error that is not nil.")
	srv.Handle("nil_wrapper", func() error {
		var e *wrapper
		return e
	})
	srv.Handle("nil_remote", func() error {
		var e *pybridge.RemoteError
		return e
	})
}
