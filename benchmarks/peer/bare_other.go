//go:build !linux

package main

import "errors"

func timeBare(string) (float64, error) { return 0, errors.ErrUnsupported }

func timeBareRead(string) (float64, error) { return 0, errors.ErrUnsupported }

func readBare(string, []byte) error { return errors.ErrUnsupported }

func monotonic() int64 { return 0 }

func minorFaults() int64 { return 0 }
