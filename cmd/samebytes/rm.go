package main

import (
	"errors"

	"github.com/samebytes/samebytes/shm"
)

type rm struct {
	Name []string `arg:"" help:"Names of arrays."`
}

// Run deletes every array that it can, and fails if one could not be.
func (r rm) Run() error {
	var errs []error
	for _, name := range r.Name {
		errs = append(errs, shm.Delete(name))
	}
	return errors.Join(errs...)
}
