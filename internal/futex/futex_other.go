//go:build !linux

// Package futex puts goroutines to sleep on words that processes share, and wakes them, which only Linux can.
package futex

import (
	"errors"
	"time"
)

// Wait is not supported.
func Wait(*uint32, uint32, time.Duration) (bool, error) { return false, errors.ErrUnsupported }

// WaitAny is not supported.
func WaitAny([]*uint32, []uint32, time.Duration) (bool, error) { return false, errors.ErrUnsupported }

// LackAny does nothing.
func LackAny(bool) (restore func()) { return func() {} }

// Wake does nothing.
func Wake(*uint32, int) {}

// Yield does nothing.
func Yield() {}
