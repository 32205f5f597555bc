package main

import (
	"errors"
	"path/filepath"

	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

type export struct {
	Name string `arg:"" help:"Name of an array."`
	File string `arg:"" help:"Path of the file to write; one that is there is replaced at once."`
}

// Help says what is in the file.
func (export) Help() string {
	return "The file is what np.save writes: the header and the elements, and not the pages that stand behind an array's elements, " +
		"which some readers refuse. Elements that a process stores meanwhile may be the old ones or the new ones."
}

// Run writes an array to a file.
func (e export) Run() (err error) {
	if _, err := shm.Stat(e.Name); err != nil { // which says what is wrong with a name
		return err
	}
	a, err := npy.MapAny(filepath.Join(shm.Dir(), e.Name), npy.ReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return npy.WriteFileAny(e.File, a.Any)
}
