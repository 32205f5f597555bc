package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/samebytes/samebytes/shm"
)

type stat struct {
	Name []string `arg:"" help:"Names of arrays."`
	JSON bool     `help:"Print a JSON array of objects instead."`
}

// Run describes every array that it can, and fails if one could not be.
func (s stat) Run() error {
	var infos []shm.Info
	var errs []error
	for _, name := range s.Name {
		info, err := shm.Stat(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		infos = append(infos, info)
	}
	if s.JSON {
		return errors.Join(append(errs, printJSON(os.Stdout, infos))...)
	}
	for k, i := range infos {
		if k > 0 {
			fmt.Println()
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "name\t%s\nkind\t%s\ndtype\t%s\nshape\t%s\nbytes\t%d\nfile\t%d bytes, mode %04o\n", i.Name, kind(i), dtype(i), shape(i), i.NBytes, i.Size, i.Mode)
		if i.Plain {
			fmt.Fprintln(w, "control\tnone: a plain .npy file")
		} else {
			fmt.Fprintf(w, "version\t%d\ncreated\t%s\nid\t%x\nslots\t%d\n", i.Version, i.Created.Format(time.DateTime), i.ID, i.Slots)
			for _, p := range i.Participants {
				fmt.Fprintf(w, "slot %d\t%s\n", p.Row, participant(p))
			}
			for _, l := range i.Locks {
				fmt.Fprintf(w, "lock\t%s %s, slot %d\n", l.State, box(l.Box), l.Row)
			}
			if i.Stream != nil {
				for _, line := range stream(*i.Stream) {
					fmt.Fprintln(w, line)
				}
			}
		}
		if err := w.Flush(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
