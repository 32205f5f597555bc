package main

import (
	"errors"
	"fmt"
	"os"
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
		"which some readers refuse. A FILE that is a segment is refused: who has it open would go on with the old one. Elements that a process stores meanwhile may be the old ones or the new ones."
}

// Run writes an array to a file.
func (e export) Run() (err error) {
	if _, err := shm.Stat(e.Name); err != nil { // which says what is wrong with a name
		return err
	}
	if err := e.refuseSegment(); err != nil {
		return err
	}
	a, err := npy.MapAny(filepath.Join(shm.Dir(), e.Name), npy.ReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return npy.WriteFileAny(e.File, a.Any)
}

// refuseSegment returns an error where the file to write is a segment, by whatever path. A plain .npy file may be replaced, unless it is
// the array itself.
func (e export) refuseSegment() error {
	target, err := os.Stat(e.File)
	if err != nil {
		return nil // a new file, or one of which writing says what is wrong
	}
	infos, err := shm.List()
	if err != nil {
		return err
	}
	for _, i := range infos {
		segment, err := os.Stat(filepath.Join(shm.Dir(), i.Name))
		if err == nil && os.SameFile(segment, target) && (!i.Plain || i.Name == e.Name) {
			return fmt.Errorf("export %s: expected a file that is no segment, found the array %q", e.File, i.Name)
		}
	}
	return nil
}
