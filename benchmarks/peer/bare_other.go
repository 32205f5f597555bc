//go:build !linux

package main

import "errors"

func timeBare(string) (float64, error) { return 0, errors.ErrUnsupported }
