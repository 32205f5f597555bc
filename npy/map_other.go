//go:build !linux

package npy

import (
	"errors"
	"os"
)

func mapped(*os.File, int64, int, Access) ([]byte, error) { return nil, errors.ErrUnsupported }
func unmap([]byte) error                                  { return nil }
